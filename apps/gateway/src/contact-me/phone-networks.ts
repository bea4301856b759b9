import { BlockList, isIP, isIPv4 } from 'node:net';

/** Private, link-local, unique local and loopback ranges: where phones are unless somebody says otherwise. */
export const DEFAULT_PHONE_NETWORKS = [
  '10.0.0.0/8',
  '172.16.0.0/12',
  '192.168.0.0/16',
  '169.254.0.0/16',
  '127.0.0.0/8',
  'fe80::/10',
  'fc00::/7',
  '::1/128',
] as const;

/**
 * Never a phone, whatever networks are configured: "this host", multicast, reserved and broadcast ranges, and where clouds
 * and container platforms answer with the credentials of a machine.
 */
const NEVER = [
  '0.0.0.0/8',
  '169.254.169.0/24',
  '169.254.170.0/24',
  '100.100.100.200/32',
  '224.0.0.0/4',
  '240.0.0.0/4',
  '::/128',
  'ff00::/8',
  'fd00:ec2::/32',
] as const;

/** Where IPv6 leads to an IPv4 address that stands in it: NAT64 (RFC 6052) and 6to4 (RFC 3056), with the bits before it. */
const TRANSLATED = [
  { prefix: '64:ff9b::', bits: 96 },
  { prefix: '2002:', bits: 16 },
] as const;

const LOOPBACK = ['127.0.0.0/8', '::1/128'] as const;
const BITS = { ipv4: 32, ipv6: 128 } as const;

/** Whether a text is a network such as `10.0.0.0/8`, or one address. */
export function isNetwork(text: string): boolean {
  return parseNetwork(text) !== undefined;
}

/** The one way an address is written; an IPv4 address inside IPv6 (`::ffff:10.0.0.1`) becomes the IPv4 address it is. */
export function canonicalAddress(address: string): string | undefined {
  if (isIPv4(address)) return address;
  if (isIP(address) === 0 || !URL.canParse(`http://[${address}]`)) return undefined;
  const canonical = new URL(`http://[${address}]`).hostname.slice(1, -1);
  const [, high, low] = /^::ffff:([0-9a-f]{1,4}):([0-9a-f]{1,4})$/.exec(canonical) ?? [];
  if (high === undefined || low === undefined) return canonical;
  const [a, b] = [Number.parseInt(high, 16), Number.parseInt(low, 16)];
  return `${a >> 8}.${a & 255}.${b >> 8}.${b & 255}`;
}

/** Knows which addresses may be phones. */
export class PhoneNetworks {
  private readonly allowed: BlockList;
  private readonly never = listOf([...NEVER, ...NEVER.flatMap(translated)]);
  private readonly loopback = listOf(LOOPBACK);

  /** @throws RangeError for a text that is not a network */
  constructor(networks: readonly string[]) {
    this.allowed = listOf(networks);
  }

  /** Takes addresses as `canonicalAddress` writes them. */
  includes(address: string): boolean {
    return contains(this.allowed, address) && !contains(this.never, address);
  }

  isLoopback(address: string): boolean {
    return contains(this.loopback, address);
  }
}

/** An IPv4 network as networks of IPv6 that lead to it. */
function translated(network: string): readonly string[] {
  const [address = '', bits] = network.split('/');
  if (!isIPv4(address)) return [];
  const hex = address
    .split('.')
    .map((part) => Number(part).toString(16).padStart(2, '0'))
    .join('');
  const groups = `${hex.slice(0, 4)}:${hex.slice(4)}`;
  return TRANSLATED.map(({ prefix, bits: before }) => {
    const text = before === 16 ? `${prefix}${groups}::` : `${prefix}${groups}`;
    return `${text}/${before + Number(bits)}`;
  });
}

function contains(list: BlockList, address: string): boolean {
  return isIP(address) !== 0 && list.check(address, familyOf(address));
}

function listOf(networks: readonly string[]): BlockList {
  const list = new BlockList();
  for (const text of networks) {
    const network = parseNetwork(text);
    if (network === undefined) throw new RangeError('not a network');
    list.addSubnet(network.address, network.prefix, familyOf(network.address));
  }
  return list;
}

function parseNetwork(text: string): { readonly address: string; readonly prefix: number } | undefined {
  const [, given = '', bits] = /^([0-9A-Fa-f.:]{2,45})(?:\/(\d{1,3}))?$/.exec(text.trim()) ?? [];
  if (isIP(given) === 0) return undefined;
  const most = BITS[familyOf(given)];
  const prefix = bits === undefined ? most : Number(bits);
  return prefix > most ? undefined : { address: given, prefix };
}

function familyOf(address: string): 'ipv4' | 'ipv6' {
  return isIPv4(address) ? 'ipv4' : 'ipv6';
}
