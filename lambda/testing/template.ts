// Assets are named by the SHA-256 of their content.
const HASH = /[0-9a-f]{64}/g;

/**
 * A copy of a synthesized template in which every asset hash reads `<asset>`, so that a snapshot of it changes with the
 * infrastructure and not with every edit of a handler.
 *
 * @example
 * expect(maskAssets(Template.fromStack(stack).toJSON())).toMatchSnapshot();
 */
export function maskAssets<T>(template: T): T {
  return JSON.parse(JSON.stringify(template).replace(HASH, '<asset>'));
}
