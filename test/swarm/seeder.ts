/**
 * A provider in a process of its own, for tests that kill or freeze one. Arguments: file sizes as JSON, milliseconds
 * to wait before each chunk, bytes a second to send at most (0: no limit). Prints its address on one line.
 */
import { setTimeout } from 'node:timers/promises'
import { Provider } from '../../node/swarm/provider.ts'
import { MemoryChunks, makeBase, openPeer } from './fixtures.ts'

const [sizes = '[]', wait = '0', limit = '0'] = process.argv.slice(2)
const base = makeBase(JSON.parse(sizes) as number[])
const chunks = new MemoryChunks(base, true)
const slow = Object.assign(chunks, {
  async read(index: number) {
    await setTimeout(Number(wait))
    return MemoryChunks.prototype.read.call(chunks, index)
  },
})
const peer = await openPeer()
await Provider.open(peer, [slow], limit === '0' ? {} : { uploadLimit: Number(limit) })
console.log(peer.addresses()[0])
