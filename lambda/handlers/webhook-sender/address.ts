import { BlockList, isIPv4 } from 'node:net';

/** What is not the public internet. https://www.iana.org/assignments/iana-ipv4-special-registry */
const NOT_PUBLIC_V4: readonly (readonly [string, number])[] = [
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  // With the metadata of instances and containers.
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.0.0.0', 24],
  ['192.0.2.0', 24],
  ['192.88.99.0', 24],
  ['192.168.0.0', 16],
  ['198.18.0.0', 15],
  ['198.51.100.0', 24],
  ['203.0.113.0', 24],
  ['224.0.0.0', 4],
  ['240.0.0.0', 4],
];

/** All else is reserved, local, or a mapping of IPv4. https://www.iana.org/assignments/ipv6-address-space */
const GLOBAL_UNICAST_V6 = ['2000::', 3] as const;
/** Of that, what leads to IPv4 addresses, or nowhere. https://www.iana.org/assignments/iana-ipv6-special-registry */
const NOT_PUBLIC_V6: readonly (readonly [string, number])[] = [
  ['2001::', 23],
  ['2001:db8::', 32],
  ['2002::', 16],
  ['3fff::', 20],
];

const listOf = (subnets: readonly (readonly [string, number])[], type: 'ipv4' | 'ipv6'): BlockList => {
  const list = new BlockList();
  for (const [network, prefix] of subnets) list.addSubnet(network, prefix, type);
  return list;
};

const notPublicV4 = listOf(NOT_PUBLIC_V4, 'ipv4');
const globalV6 = listOf([GLOBAL_UNICAST_V6], 'ipv6');
const notPublicV6 = listOf(NOT_PUBLIC_V6, 'ipv6');

/** Whether an address is on the public internet: nothing else is called back, whatever a name resolves to. */
export const isPublic = (address: string): boolean =>
  isIPv4(address)
    ? !notPublicV4.check(address, 'ipv4')
    : globalV6.check(address, 'ipv6') && !notPublicV6.check(address, 'ipv6');
