// All that a worker needs only when its messages come in envelopes or leave their bodies in a payload store, in a file of its
// own: most workers do neither.
export { Opener } from './open';
