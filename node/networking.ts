/**
 * How this node takes part in the network, by its configuration: where it listens, how it finds peers and is found, and
 * what others of this home's commands can see of it while it runs.
 */
import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { OppuError } from '../protocol/errors.ts'
import type { BaseId } from '../protocol/ids.ts'
import { type NodeConfig, readNodeConfig } from './config.ts'
import { Discovery, type DiscoveryOptions } from './swarm/discovery.ts'
import { Found } from './swarm/found.ts'
import { KeptPeers } from './swarm/kept-peers.ts'
import { NetworkStatusFile, type PeerStatus, readNetworkStatus } from './swarm/network-status.ts'
import { Peer, type PeerOptions } from './swarm/peer.ts'
import { type ReachReport, reachOf } from './swarm/reach.ts'
import { type Finding, isBeyondThisMachine } from './swarm/transport.ts'

/** Where the peers heard of are kept, in a home. */
export function peersFolder(home: string): string {
  return join(home, 'peers')
}

/** Where a running node says how it stands, in a home. */
export function statusPath(home: string): string {
  return join(home, 'network.json')
}

/** What a command says in place of the configuration. */
export interface NetworkChoices {
  readonly announce?: readonly string[] | undefined
  readonly relay?: boolean | undefined
}

/** The options of this node's peer that its configuration decides. `listen` is empty where it only asks. */
export function networkOptions(
  home: string,
  config: NodeConfig,
  { listen, announce = config.announce, relay }: NetworkChoices & { readonly listen: readonly string[] },
): Pick<PeerOptions, 'listen' | 'announce' | 'relay' | 'finding' | 'folder'> {
  return {
    listen,
    ...(listen.length > 0 ? { announce, relay: relay ?? config.relay === 'on' } : {}),
    finding: findingOf({ ...config, announce }, listen),
    folder: peersFolder(home),
  }
}

/** Where strangers may connect everything is on by itself; where only members may, what tells strangers is off. */
export function findingOf(config: NodeConfig, listen: readonly string[]): Finding {
  const isOpen = config.community === 'open'
  const met = listen.some(isBeyondThisMachine) || (listen.length > 0 && config.announce.length > 0)
  const dht = config.dht !== 'auto' ? config.dht : isOpen ? (met ? 'server' : 'client') : 'off'
  return {
    lan: config.lan === 'on' || (config.lan === 'auto' && isOpen),
    bootstrap: config.bootstrap,
    ...(listen.length > 0 ? { relays: config.relays } : {}),
    ...(dht === 'off' ? {} : { dht: dht === 'server' && listen.length === 0 ? 'client' : dht }),
  }
}

export interface Network extends AsyncDisposable {
  readonly discovery: Discovery
  /** One search for a base, for any number of users, until the network is disposed of. */
  providers(base: BaseId): AsyncIterable<string>
  /** Says in the table of providers that this node has these bases, where others can connect to it. */
  provide(bases: readonly BaseId[]): void
}

/** Finds peers for `peer`, and shows other commands of this home how it stands, until disposed of. */
export function openNetwork(
  home: string,
  config: NodeConfig,
  peer: Peer,
  options: Pick<DiscoveryOptions, 'coordinator' | 'onFailure'> & { readonly signal?: AbortSignal } = {},
): Network {
  const discovery = new Discovery({ peer, told: config.bootstrap, ...options })
  const status = NetworkStatusFile.keep(statusPath(home), peer, discovery)
  const closing = new AbortController()
  const within = AbortSignal.any([closing.signal, ...(options.signal ? [options.signal] : [])])
  return {
    discovery,
    providers: base => new Found(discovery.providersOf(base, { signal: within }), within),
    provide: bases => {
      const met = peer.addresses().some(isBeyondThisMachine)
      if (met || config.dht === 'server') for (const base of bases) void discovery.provide(base)
    },
    async [Symbol.asyncDispose]() {
      closing.abort(new OppuError('CLOSED', 'the network is closed'))
      await status.close()
      await discovery.close()
    },
  }
}

/** The peers of a home whose node does not run: as an earlier run left them. @throws OppuError IN_USE. */
export async function keptPeers(home: string): Promise<PeerStatus[]> {
  await using kept = await KeptPeers.open(peersFolder(home))
  const nothing = { received: 0, sent: 0, receiveRate: 0, sendRate: 0 }
  return [...(await kept.records())].map(([peer, record]) => ({
    ...{ peer, source: 'kept', connected: 'no', ...record, ...nothing },
  }))
}

export interface Reachability extends ReachReport {
  /** Whether the node runs; else it was looked at as it would be. */
  readonly running: boolean
}

/**
 * Whether others can reach the node of a home: as it stands while it runs, or else by listening for a few seconds where
 * it would, under a key of the moment, so that no passphrase is asked for.
 * @throws OppuError CONNECTION_FAILED when it could not listen there.
 */
export async function reachability(
  home: string,
  { signal }: { readonly signal?: AbortSignal } = {},
): Promise<Reachability> {
  const status = await readNetworkStatus(statusPath(home))
  if (status !== undefined) return { running: true, ...reachOf(status, Date.now()) }
  const config = await readNodeConfig(home)
  const isOpen = config.community === 'open'
  const others = isOpen
    ? [...config.bootstrap, ...(config.coordinator === '' ? [] : [config.coordinator])]
    : []
  await using peer = await Peer.open({
    seed: randomBytes(32),
    listen: config.listen,
    announce: config.announce,
    finding: { bootstrap: others, relays: isOpen ? config.relays : [] },
    ...(signal === undefined ? {} : { signal }),
  })
  const until = Date.now() + PROBE_MS
  const settled = () => ['everywhere', 'blocked', 'relay'].includes(look().reach)
  const look = () => reachOf({ addresses: peer.ownAddresses(), connections: peer.connections() }, Date.now())
  const worth = others.length > 0 || config.relays.length > 0
  while (worth && !settled() && Date.now() < until) await setTimeout(250, undefined, { signal })
  const report = look()
  const alone = isOpen
    ? peer.connections().length > 0 || report.reach !== 'unknown'
      ? []
      : ['No other peer was reached meanwhile, so none could try.']
    : ['In a private community only the running node is let in: start it (oppu node start), then look again.']
  return { running: false, ...report, findings: [...report.findings, ...alone] }
}

/** How long peers are given to say whether they can dial. */
const PROBE_MS = 6000
