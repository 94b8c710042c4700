/** What a member is answered: what a client takes, the coordinator signed, or it is within its limits. */
import assert from 'node:assert/strict'
import { CoordinatorClient } from '../../node/swarm/coordinator-client.ts'
import { askForNews } from '../../node/swarm/member-news.ts'
import { type Peer, peerIdOf } from '../../node/swarm/peer.ts'
import { signInvitation } from '../../protocol/invitation.ts'
import { COORDINATOR_LIMITS, PROTOCOLS } from '../../protocol/limits.ts'
import { encodeManifest, signBytes, signedToMessage, userIdFromSeed } from '../../protocol/manifest.ts'
import { signMembers } from '../../protocol/members.ts'
import { oppu } from '../../protocol/messages.pb.js'
import { encodeRelease } from '../../protocol/release.ts'
import { encodeFrame } from '../../protocol/rpc.ts'
import { invitation, manifest, members } from '../protocol/samples.ts'
import type { Subject } from './fuzz.ts'
import { Line } from './line.ts'
import { recorded, recording } from './recorded.ts'

const seed = new Uint8Array(Buffer.from(recording.seeds.coordinator, 'hex'))
const coordinator = userIdFromSeed(seed)
const reply = (body: Uint8Array) => encodeFrame(oppu.Reply.encode({ body }).finish())
const noKeys = reply(oppu.KeyList.encode({}).finish())
const replies = (what: string) => recorded(PROTOCOLS.coordinator, 'reply', what)

/** A client to whom the coordinator says `bytes`, whatever it is asked but for its keys. */
function told(bytes: Uint8Array): CoordinatorClient {
  const dial = async () =>
    new Line(frame => (oppu.CoordinatorRequest.decode(frame.subarray(4)).listKeys == null ? bytes : noKeys))
  // All that a client needs of a peer: to dial the coordinator, and what to announce.
  const peer = { id: peerIdOf(recording.announced[0]!), addresses: () => recording.announced, dial }
  return new CoordinatorClient({
    peer: peer as unknown as Peer,
    address: recording.announced[0]!,
    coordinator,
    now: () => recording.time,
  })
}

const invited = signInvitation(invitation, seed)
const list = signMembers(members, seed)
const release = {
  version: 1,
  name: 'a-base',
  tag: 'stable',
  baseId: recording.base,
  serial: 3,
  createdAt: 1,
} as const
const memberLists = [
  { serial: 7 },
  {
    serial: 7,
    members: signedToMessage(list),
    keys: [signedToMessage(signBytes('key-change', encodeManifest(manifest), seed))],
  },
].map(message => oppu.MemberList.encode(message).finish())

export const clientSubjects: readonly Subject[] = [
  {
    name: 'list of bases, answered',
    corpus: replies('bases'),
    read: async bytes => {
      for (const id of await told(bytes).bases()) assert.match(id, /^[0-9a-f]{64}$/)
    },
  },
  {
    name: 'providers, answered',
    corpus: replies('providers').filter(({ length }) => length > 10),
    read: async bytes => {
      const { providersPerBase, addressesPerAnnouncement, address: longest } = COORDINATOR_LIMITS
      const addresses = await told(bytes).providers(recording.base)
      assert.ok(addresses.length <= providersPerBase * addressesPerAnnouncement)
      for (const address of addresses) assert.ok(address.length <= longest && peerIdOf(address) !== '')
    },
  },
  {
    name: 'announcement, answered',
    corpus: replies('announce').filter(({ length }) => length === 9),
    read: async bytes => {
      const ms = await told(bytes).announce([recording.base])
      assert.ok(ms > 0 && ms <= COORDINATOR_LIMITS.announcementMs)
    },
  },
  {
    name: 'list of members, answered',
    corpus: memberLists.map(reply),
    read: async bytes => {
      const { serial, signed } = await askForNews(new Line(bytes), 0, new AbortController().signal)
      assert.ok(
        Number.isSafeInteger(serial) &&
          serial >= 0 &&
          (signed === undefined || signed.signature.length === 64),
      )
      await told(bytes).join(invited)
    },
  },
  {
    name: 'manifest, answered',
    corpus: replies('manifest').filter(({ length }) => length > 100),
    slower: 100,
    read: async bytes => {
      const { id, licenceText } = await told(bytes).manifest(recording.base)
      assert.equal(id, recording.base)
      assert.ok(licenceText === undefined || licenceText === recording.licenceText)
    },
  },
  {
    name: 'tasks, answered',
    corpus: replies('tasks'),
    slower: 100,
    read: async bytes => {
      for (const { task } of await told(bytes).tasks()) assert.deepEqual(task, recording.task)
    },
  },
  {
    name: 'releases, answered',
    corpus: [{ releases: [signedToMessage(signBytes('release', encodeRelease(release), seed))] }].map(
      message => reply(oppu.ReleaseList.encode(message).finish()),
    ),
    slower: 100,
    read: async bytes => {
      for (const read of await told(bytes).releases()) assert.deepEqual(read, release)
    },
  },
]
