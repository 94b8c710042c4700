/**
 * Run in a network namespace that is the internet (homes.test.ts makes it): a relay there, a provider in one home and a
 * puller in another, each a process of its own behind its home's NAT. Prints what came of it as JSON.
 */
import { spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { setTimeout } from 'node:timers/promises'
import { fetchBase } from '../../node/swarm/fetcher.ts'
import type { Peer } from '../../node/swarm/peer.ts'
import { Provider } from '../../node/swarm/provider.ts'
import { reachOf } from '../../node/swarm/reach.ts'
import { MemoryChunks, makeBase, openPeer } from './fixtures.ts'

const [role, ...args] = process.argv.slice(2)
const base = makeBase([(5 << 20) + 123])
const EVERYWHERE = ['/ip4/0.0.0.0/tcp/0']

const reach = (peer: Peer) =>
  reachOf({ addresses: peer.ownAddresses(), connections: peer.connections() }, Date.now()).reach

/** This script in a home: resolves with the first line that it prints. */
async function inHome(home: string, role: string, ...args: readonly string[]) {
  const command = ['netns', 'exec', `home-${home}`, process.execPath, import.meta.filename, role, ...args]
  const child = spawn('ip', command, { stdio: ['ignore', 'pipe', 'inherit'] })
  for await (const line of createInterface({ input: child.stdout }))
    return { answer: JSON.parse(line), [Symbol.dispose]: () => child.kill('SIGKILL') }
  throw new Error(`the ${role} said nothing`)
}

/** A peer that has found its way out, through the relay. */
async function openBehind(relay: string): Promise<Peer> {
  const peer = await openPeer({ listen: EVERYWHERE, finding: { relays: [relay], bootstrap: [relay] } })
  for (let tries = 0; tries < 150 && reach(peer) !== 'relay'; tries++) await setTimeout(100)
  return peer
}

async function internet(host: string) {
  await using relay = await openPeer({ listen: [`/ip4/${host}/tcp/0`], relay: true, finding: {} })
  const [address] = relay.addresses()
  using provider = await inHome('a', 'provider', address!)
  const { addresses, reach } = provider.answer as { addresses: string[]; reach: string }
  using direct = await inHome(
    'b',
    'puller',
    address!,
    ...addresses.filter(known => !known.includes('circuit')),
  )
  using relayed = await inHome('b', 'puller', address!, ...addresses)
  process.stdout.write(JSON.stringify({ reach, direct: direct.answer, relayed: relayed.answer }))
}

async function provide(relay: string) {
  const peer = await openBehind(relay)
  await Provider.open(peer, [new MemoryChunks(base, true)])
  console.log(JSON.stringify({ addresses: peer.addresses(), reach: reach(peer) }))
}

async function pull(relay: string, providers: readonly string[]) {
  const peer = await openBehind(relay)
  const into = new MemoryChunks(base, false)
  const error: unknown = await fetchBase({ peer, providers, into, windowMs: 3000 }).then(
    () => undefined,
    error => error.code,
  )
  const right = into.files.every((file, index) => Buffer.compare(file, base.files[index]!) === 0)
  const paths = peer.connections().map(({ relayed }) => (relayed ? 'relay' : 'direct'))
  console.log(JSON.stringify({ error, right, paths }))
}

const [first, ...others] = args
if (role === 'internet') await internet(first!)
else if (role === 'provider') await provide(first!)
else await pull(first!, others)
