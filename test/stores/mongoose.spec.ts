// MongooseTokenStore with the real mongoose 9 and driver, against a double of MongoDB: no real
// server was asked here. See test/services/mongoose.spec.ts.
import { describeMongooseOnDouble } from '../services/mongoose-on-double.js';

describeMongooseOnDouble('9');
