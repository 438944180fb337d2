/** An error that keeps its words: the CDK prefixes `Resolution error: ` once for every token it was resolving. */
export class BundlingError extends Error {
  public constructor(message: string) {
    super(message);
    this.name = 'BundlingError';
    Object.defineProperty(this, 'message', { get: () => message, set: () => {} });
  }
}
