// MongooseTokenStore with the real mongoose 8 and its driver, against a double of MongoDB.
import { jest } from '@jest/globals';

// Its types are declared for the name `mongoose` only.
const mongoose8: string = 'mongoose8';
jest.unstable_mockModule('mongoose', () => import(mongoose8));
const { describeMongooseOnDouble } = await import('../services/mongoose-on-double.js');

describeMongooseOnDouble('8');
