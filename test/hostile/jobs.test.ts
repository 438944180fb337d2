import { fuzz } from './decoder';
import * as decoders from './decoders/jobs';

Object.values(decoders).forEach(fuzz);
