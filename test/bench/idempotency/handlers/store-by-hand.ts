import { byHand } from '../by-hand';
import { Store } from '../store';

export const store = new Store();
export const handler = byHand(store);
