/** What the tests of private communities share: a private coordinator, members with gates, and a count of raw bytes. */
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { cp, mkdtemp, readFile, rm } from 'node:fs/promises'
import { type AddressInfo, connect, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Coordinator } from '../../coordinator/coordinator.ts'
import { CoordinatorClient } from '../../node/swarm/coordinator-client.ts'
import { keyOfPeer, MemberGate } from '../../node/swarm/gate.ts'
import { type Peer, peerIdOf } from '../../node/swarm/peer.ts'
import type { MemberKey } from '../../protocol/ids.ts'
import { invitationFromText, invitationToText } from '../../protocol/invitation.ts'
import type { Signed } from '../../protocol/manifest.ts'
import { LOOPBACK, openPeer } from './fixtures.ts'

export const HOUR = 3_600_000

export interface Community extends AsyncDisposable {
  readonly coordinator: Coordinator
  readonly home: string
  readonly address: string
  readonly networkKey: Uint8Array | undefined
  /** An invitation's text. */
  invite(uses?: number, life?: number): Promise<string>
  /** The seed of the key that it was made with. */
  oldKey(): Promise<Uint8Array>
  /** The coordinator goes; its folder stays. */
  stop(): Promise<void>
  /** Another coordinator on a copy of the folder. */
  standIn(): Promise<{ coordinator: Coordinator; address: string } & AsyncDisposable>
}

/** A coordinator whose community is private, in a folder of its own. */
export async function openCommunity(
  options: { networkKey?: Uint8Array; now?: () => number; listen?: readonly string[] } = {},
): Promise<Community> {
  const { networkKey, now } = options
  const clock = now === undefined ? {} : { now }
  const home = await mkdtemp(join(tmpdir(), 'oppu-community-'))
  const first = await Coordinator.open({ home, listen: [], ...clock })
  await first.membership.makePrivate(networkKey === undefined ? {} : { networkKey })
  await first.close()
  const coordinator = await Coordinator.open({ home, listen: options.listen ?? LOOPBACK, ...clock })
  const [address] = coordinator.addresses() as [string]
  return {
    coordinator,
    home,
    address,
    networkKey,
    async invite(uses = 1, life = HOUR) {
      const expiresAt = (now?.() ?? Date.now()) + life
      return invitationToText(
        await coordinator.membership.invite({ uses, expiresAt, addresses: coordinator.addresses() }),
      )
    },
    oldKey: async () => new Uint8Array(await readFile(join(home, 'coordinator.key'))),
    stop: () => coordinator.close(),
    async standIn() {
      const copy = await mkdtemp(join(tmpdir(), 'oppu-standin-'))
      await cp(home, copy, { recursive: true })
      const other = await Coordinator.open({ home: copy, listen: LOOPBACK, ...clock })
      return {
        coordinator: other,
        address: other.addresses()[0]!,
        async [Symbol.asyncDispose]() {
          await other.close()
          await rm(copy, { recursive: true, force: true })
        },
      }
    },
    async [Symbol.asyncDispose]() {
      await coordinator.close()
      await rm(home, { recursive: true, force: true })
    },
  }
}

export interface Member extends AsyncDisposable {
  readonly peer: Peer
  readonly gate: MemberGate
  readonly key: MemberKey
  readonly client: CoordinatorClient
  readonly notes: string[]
  readonly kept: Signed[]
}

/** A peer that joins by an invitation and keeps the gate; nothing is left open when it cannot join. */
export async function openMember(
  text: string,
  options: { refreshMs?: number; seed?: Uint8Array; address?: string; now?: () => number } = {},
): Promise<Member> {
  const { invitation, coordinator, signed } = invitationFromText(text)
  const address = options.address ?? invitation.addresses[0]
  const notes: string[] = []
  const kept: Signed[] = []
  const gate = new MemberGate({
    coordinator,
    coordinatorPeers: [peerIdOf(address)],
    keep: async ({ signed }) => void kept.push(signed),
    onNote: note => notes.push(note),
    ...(options.refreshMs === undefined ? {} : { refreshMs: options.refreshMs }),
    ...(options.now === undefined ? {} : { now: options.now }),
  })
  const { networkKey } = invitation
  const peer = await openPeer({
    gate,
    seed: options.seed ?? new Uint8Array(randomBytes(32)),
    ...(networkKey === undefined ? {} : { networkKey }),
  })
  try {
    const client = new CoordinatorClient({ peer, address, coordinator })
    const news = await client.join(signed)
    await gate.take(news.signed!, news.keys)
    await gate.attach(peer, (serial, signal) => client.members(serial, { signal }))
    const key = keyOfPeer(peer.id)!
    return { peer, gate, key, client, notes, kept, [Symbol.asyncDispose]: () => peer.close() }
  } catch (error) {
    await peer.close()
    throw error
  }
}

/** A wire in front of a peer's port that counts what it answers. */
export async function openWire(address: string): Promise<
  AsyncDisposable & {
    readonly address: string
    /** Bytes that the peer behind it sent. */
    readonly answered: number
    readonly open: number
  }
> {
  const port = Number(address.match(/tcp\/(\d+)/)?.[1])
  let [answered, open] = [0, 0]
  const server = createServer(inbound => {
    open++
    const outbound = connect(port, '127.0.0.1')
    outbound.on('data', bytes => {
      answered += bytes.length
    })
    inbound.pipe(outbound).pipe(inbound)
    inbound.on('close', () => {
      open--
      outbound.destroy()
    })
    for (const socket of [inbound, outbound]) socket.on('error', () => socket.destroy())
    outbound.on('close', () => inbound.destroy())
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const own = (server.address() as AddressInfo).port
  return {
    address: address.replace(/tcp\/\d+/, `tcp/${own}`),
    get answered() {
      return answered
    },
    get open() {
      return open
    },
    async [Symbol.asyncDispose]() {
      server.close()
    },
  }
}

/** Looks until it is so. */
export async function until(
  holds: () => boolean | Promise<boolean>,
  what: string,
  withinMs = 10_000,
): Promise<void> {
  const end = Date.now() + withinMs
  while (!(await holds())) {
    if (Date.now() > end) throw new Error(`not within ${withinMs} ms: ${what}`)
    await new Promise(resolve => setTimeout(resolve, 20))
  }
}
