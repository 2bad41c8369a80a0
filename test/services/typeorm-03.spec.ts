// TypeOrmTokenStore against real databases, through TypeORM 0.3.
import { jest } from '@jest/globals';

// Both majors keep what decorators say in one global of the same name, so that each needs a test
// file of its own.
jest.unstable_mockModule('typeorm', () => import('typeorm03'));
const { describeTypeOrm } = await import('./typeorm-suite.js');

await describeTypeOrm('0.3');
