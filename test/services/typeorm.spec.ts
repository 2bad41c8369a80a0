// TypeOrmTokenStore against real databases, through TypeORM 1.
import { describeTypeOrm } from './typeorm-suite.js';

await describeTypeOrm('1');
