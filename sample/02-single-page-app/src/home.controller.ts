// A login without a good `returnTo` ends at `/`, where this API has nothing to show: the page is
// somewhere else.
import { Controller, Get, Redirect } from '@nestjs/common';
import { WEB_URL } from './settings.js';

@Controller()
export class HomeController {
  @Get()
  @Redirect(WEB_URL)
  home(): void {}
}
