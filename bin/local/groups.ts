/**
 * The groups whose members were handled in another order than they should have been. Members that were not handled are not
 * judged here, and of one that was handled again the first time counts: that is at-least-once delivery, not disorder.
 *
 * @param groups the members of each group in their order
 * @param handled members of all groups, as they were handled
 */
export function outOfOrder(groups: ReadonlyMap<string, readonly string[]>, handled: readonly string[]): string[] {
  const firstTime = new Map([...new Set(handled)].map((member, i) => [member, i]));
  return [...groups]
    .filter(([, members]) => {
      const times = members.map((member) => firstTime.get(member)).filter((time) => time !== undefined);
      return times.some((time, i) => i > 0 && time < times[i - 1]!);
    })
    .map(([group]) => group);
}
