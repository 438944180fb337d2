/** With --quick a bench takes a tenth: enough to see that it works, too little to believe its figures. */
export const QUICK = process.argv.includes('--quick');

export const rounds = (count: number): number => (QUICK ? Math.ceil(count / 10) : count);
