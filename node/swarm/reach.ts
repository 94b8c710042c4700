/**
 * Whether others can reach a node, from what it knows of its own addresses and of who has connected: a function of its
 * arguments. It says what is known and what is not; what cannot be known without another peer's try is called so.
 */
import { BlockList, isIP } from 'node:net'
import type { ListedAddress, PeerConnection } from './peer.ts'

/** From where the node can be connected to, as far as is known. */
export type Reach =
  | 'nowhere'
  | 'this machine'
  | 'local network'
  | 'relay'
  | 'unknown'
  | 'blocked'
  | 'everywhere'

export interface ReachReport {
  readonly reach: Reach
  /** What is known, one sentence each. */
  readonly findings: readonly string[]
  /** What the user can do, one each. */
  readonly advice: readonly string[]
}

type Kind = 'machine' | 'private' | 'public' | 'relay'

/** What is not routed on the Internet: private, shared among a provider's customers, link-local, reserved, for examples. */
const PRIVATE = new BlockList()
for (const [network, bits] of [
  ...([
    ['0.0.0.0', 8],
    ['10.0.0.0', 8],
    ['100.64.0.0', 10],
    ['169.254.0.0', 16],
  ] as const),
  ...([
    ['172.16.0.0', 12],
    ['192.0.0.0', 24],
    ['192.0.2.0', 24],
    ['192.31.196.0', 24],
  ] as const),
  ...([
    ['192.52.193.0', 24],
    ['192.88.99.0', 24],
    ['192.168.0.0', 16],
    ['192.175.48.0', 24],
  ] as const),
  ...([
    ['198.18.0.0', 15],
    ['198.51.100.0', 24],
    ['203.0.113.0', 24],
    ['240.0.0.0', 4],
  ] as const),
] as const)
  PRIVATE.addSubnet(network, bits, 'ipv4')
PRIVATE.addSubnet('2001:db8::', 32, 'ipv6')
PRIVATE.addSubnet('fc00::', 7, 'ipv6')
PRIVATE.addSubnet('fe80::', 10, 'ipv6')
const MACHINE = new BlockList()
MACHINE.addSubnet('127.0.0.0', 8, 'ipv4')
MACHINE.addAddress('::1', 'ipv6')

/** Names count as public: nobody gives a name to what cannot be reached. */
export function kindOf(address: string): Kind {
  if (address.includes('/p2p-circuit')) return 'relay'
  const host = address.split('/')[2] ?? ''
  const family = { 4: 'ipv4', 6: 'ipv6' } as const
  const version = isIP(host)
  if (version !== 4 && version !== 6) return 'public'
  if (MACHINE.check(host, family[version])) return 'machine'
  return PRIVATE.check(host, family[version]) ? 'private' : 'public'
}

export function reachOf(
  known: { readonly addresses: readonly ListedAddress[]; readonly connections: readonly PeerConnection[] },
  now: number,
): ReachReport {
  const own = known.addresses.filter(({ type }) => type !== 'observed')
  const of = (kind: Kind) => own.filter(({ address }) => kindOf(address) === kind)
  const [machine, local, open, relays] = [of('machine'), of('private'), of('public'), of('relay')]
  const seen = known.addresses.find(
    ({ type, address }) => type === 'observed' && kindOf(address) === 'public',
  )
  const came = known.connections.some(
    ({ direction, relayed, address }) => direction === 'inbound' && !relayed && kindOf(address) === 'public',
  )
  const tried = open.filter(({ type, expires, verified }) => type !== 'announce' && expires > now && verified)
  const failed = open.filter(({ verified }) => !verified)
  const findings = [
    ...listening(own),
    ...(seen === undefined ? [] : [`Others see it come from ${hostOf(seen.address)}.`]),
  ]
  const report = (reach: Reach, finding: string, ...advice: string[]): ReachReport => {
    const through =
      relays.length === 0 || reach === 'relay'
        ? []
        : [`Besides, it can be reached through ${relays.length === 1 ? 'a relay' : 'relays'}.`]
    return { reach, findings: [...findings, finding, ...through], advice }
  }
  const port = portOf(open[0] ?? local[0]) ?? 4600

  if (came) return report('everywhere', 'A peer has connected to it from the Internet: it can be reached.')
  if (tried.length > 0)
    return report('everywhere', `A peer has dialled ${tried[0]!.address}: it can be reached.`)
  if (failed.length > 0 && failed.length === open.length)
    return report(
      'blocked',
      'Peers of several networks could not dial its public address: a firewall keeps them out.',
      `Let TCP port ${port} in, on this machine and on what stands before it.`,
      RELAY_ADVICE,
    )
  if (open.length > 0)
    return report(
      'unknown',
      'It has a public address, and no peer has tried it yet: whether a firewall lets others in cannot be known from here.',
      `Let TCP port ${port} in. Once peers that listen on public addresses are connected they try it: look again then.`,
    )
  if (relays.length > 0)
    return report(
      'relay',
      'It can be reached through a relay, which carries but cannot read. Direct is faster.',
    )
  if (local.length > 0)
    return report(
      'local network',
      'Machines on its local network can reach it, if no firewall is between. From the Internet it cannot be reached, ' +
        'unless a router forwards a port to it, which cannot be seen from here.',
      `For the Internet: have the router forward TCP port ${port} to this machine, and tell others its address: ` +
        `oppu node start --listen /ip4/0.0.0.0/tcp/${port} --announce /ip4/ADDRESS/tcp/${port}`,
      RELAY_ADVICE,
    )
  if (machine.length > 0)
    return report(
      'this machine',
      'It listens on this machine only: nobody else can reach it. It can still pull from others.',
      'To let others in: oppu node start --listen /ip4/0.0.0.0/tcp/4600 (or "listen" in config.json)',
    )
  return report(
    'nowhere',
    'It does not listen: nobody can connect to it. It can still pull from others.',
    'To let others in: oppu node start --listen /ip4/0.0.0.0/tcp/4600',
  )
}

const RELAY_ADVICE =
  'Or be reached through a relay: any node with a public address that runs oppu node start --relay; put its address, ' +
  'or auto for any such peer, into "relays" of config.json.'

function listening(own: readonly ListedAddress[]): string[] {
  const words = {
    machine: 'this machine only',
    private: 'local network',
    public: 'public',
    relay: 'relay',
  } as const
  return own.map(({ address }) => `Address ${address} (${words[kindOf(address)]}).`)
}

function hostOf(address: string): string {
  return address.split('/')[2] ?? address
}

function portOf(listed: ListedAddress | undefined): number | undefined {
  const port = Number(listed?.address.split('/')[4])
  return Number.isInteger(port) && port > 0 ? port : undefined
}
