export { read as handler } from '../ours';
