/**
 * Run in a network namespace whose loopback has public addresses: a peer that nobody can dial, one with a public
 * address that reaches it through a relay, and what becomes of their connection. The relay is told by its address, or
 * found (`auto`) among the peers to begin with. Prints what came of it as JSON.
 */
import { setTimeout } from 'node:timers/promises'
import { reachOf } from '../../node/swarm/reach.ts'
import { call, serve } from '../../protocol/rpc.ts'
import { openPeer } from './fixtures.ts'

const ECHO = '/oppu/test-echo/1.0.0'
const [relayHost, openHost, relays] = process.argv.slice(2)

await using relay = await openPeer({ listen: [`/ip4/${relayHost}/tcp/0`], relay: true, finding: {} })
const finding =
  relays === 'auto' ? { relays: ['auto'], bootstrap: relay.addresses() } : { relays: relay.addresses() }
await using hidden = await openPeer({ listen: [], finding })
for (let tries = 0; tries < 150 && hidden.addresses().length === 0; tries++) await setTimeout(100)
await using open = await openPeer({ listen: [`/ip4/${openHost}/tcp/0`], finding: {} })
await hidden.handle(ECHO, { category: 'chunk', maximumStreams: 4 }, (duplex, { signal }) =>
  serve(duplex, async body => ({ body }), { maximumRequest: 100, signal }),
)
const [address] = hidden.addresses()
const ask = async () =>
  (
    await call(await open.dial([address!], ECHO, { category: 'chunk-request' }), new Uint8Array(7), {
      maximumReply: 100,
    })
  ).length
const before = reachOf({ addresses: open.ownAddresses(), connections: open.connections() }, Date.now()).reach
const relayed = await ask()
const paths = () => open.connections().filter(({ peer }) => peer === hidden.id)
const first = paths().map(({ relayed }) => (relayed ? 'relay' : 'direct'))
for (let tries = 0; tries < 150 && paths().some(({ relayed }) => relayed); tries++) await setTimeout(100)
const then = paths().map(({ relayed }) => (relayed ? 'relay' : 'direct'))
const after = reachOf({ addresses: open.ownAddresses(), connections: open.connections() }, Date.now()).reach
const direct = await ask()
process.stdout.write(JSON.stringify({ before, relayed, first, then, direct, after }))
