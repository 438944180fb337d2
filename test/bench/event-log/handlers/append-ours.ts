export { append as handler } from '../ours';
