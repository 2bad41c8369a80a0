// Everything that is there to be looked at: the shop's pages, and the switches of the
// demonstration.
import { Global, Module } from '@nestjs/common';
import { SettingsModule } from '../settings.module.js';
import { DemoController } from './demo.controller.js';
import { HomeController } from './home.controller.js';
import { ShareController } from './share.controller.js';
import { Pages } from './pages.js';

@Global()
@Module({
  imports: [SettingsModule],
  controllers: [HomeController, ShareController, DemoController],
  providers: [Pages],
  exports: [Pages],
})
export class ShopModule {}
