export { transact as handler } from '../ours';
