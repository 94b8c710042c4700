/** Readers of what is signed or hashed: what they take has one spelling, and what a key did not sign is not taken. */
import assert from 'node:assert/strict'
import { decodeAdapterManifest, encodeAdapterManifest } from '../../protocol/adapter.ts'
import { decodeMessage } from '../../protocol/canonical.ts'
import type { UserId } from '../../protocol/ids.ts'
import {
  decodeInvitation,
  encodeInvitation,
  invitationFromText,
  invitationToText,
  signInvitation,
} from '../../protocol/invitation.ts'
import { currentKey, decodeKeyChange, encodeKeyChange, type KeyChange } from '../../protocol/key-change.ts'
import {
  decodeManifest,
  decodeSigned,
  encodeManifest,
  encodeSigned,
  type Signed,
  signBytes,
  signedFromMessage,
  signedToMessage,
  userIdFromSeed,
} from '../../protocol/manifest.ts'
import { decodeMembers, encodeMembers } from '../../protocol/members.ts'
import { oppu } from '../../protocol/messages.pb.js'
import { decodeRelease, encodeRelease, type Release } from '../../protocol/release.ts'
import { decodeReport, decodeTask, encodeReport, encodeTask } from '../../protocol/task.ts'
import { adapter, invitation, manifest, manifestV2, members, report, task } from '../protocol/samples.ts'
import type { Subject } from './fuzz.ts'

const seeds = [1, 2, 3].map(n => new Uint8Array(32).fill(n)) as [Uint8Array, Uint8Array, Uint8Array]
const [first, second, third] = seeds.map(userIdFromSeed) as [UserId, UserId, UserId]

/** Encoding what was read gives the bytes that were read, and no others. */
function canonical<T>(
  name: string,
  goods: readonly T[],
  encode: (value: T) => Uint8Array,
  decode: (bytes: Uint8Array) => T,
): Subject {
  return {
    name,
    corpus: goods.map(encode),
    read: bytes => assert.ok(Buffer.from(encode(decode(bytes))).equals(bytes), 'another spelling was read'),
  }
}

const release: Release = {
  version: 1,
  name: 'a-base',
  tag: 'stable',
  baseId: task.baseId,
  serial: 3,
  createdAt: 1_700_000_000_000,
}
const change = (next: UserId, serial: number): KeyChange => ({
  version: 1,
  next,
  serial,
  createdAt: 1_700_000_000_000,
})
const changes: readonly Signed[] = [
  signBytes('key-change', encodeKeyChange(change(second, 1)), seeds[0]),
  signBytes('key-change', encodeKeyChange(change(third, 2)), seeds[1]),
]
const signedInvitation = signInvitation(invitation, seeds[0])

export const signedSubjects: readonly Subject[] = [
  canonical('manifest', [manifest, manifestV2], encodeManifest, decodeManifest),
  canonical('adapter manifest', [adapter], encodeAdapterManifest, decodeAdapterManifest),
  canonical('task', [task], encodeTask, decodeTask),
  canonical('invitation', [invitation], encodeInvitation, decodeInvitation),
  canonical('list of members', [members], encodeMembers, decodeMembers),
  canonical('release', [release], encodeRelease, decodeRelease),
  canonical('change of keys', [change(second, 1)], encodeKeyChange, decodeKeyChange),
  { name: 'report', corpus: [encodeReport(report, task)], read: decodeReport },
  {
    name: 'signed envelope',
    corpus: [signedInvitation, changes[0]!].map(encodeSigned),
    read: bytes => {
      const signed = decodeSigned(bytes, 4096)
      const again = encodeSigned(signed)
      assert.ok(Buffer.from(again).equals(encodeSigned(decodeSigned(again, 4096))))
      assert.deepEqual([signed.signature.length, signed.signer.length], [64, 64])
    },
  },
  {
    name: 'text of an invitation',
    corpus: [Buffer.from(invitationToText(signedInvitation))],
    slower: 100,
    read: bytes => {
      const read = invitationFromText(Buffer.from(bytes).toString('latin1'))
      assert.deepEqual([read.invitation, read.coordinator], [invitation, first])
    },
  },
  {
    name: 'chain of keys',
    corpus: [oppu.KeyList.encode({ changes: changes.map(signedToMessage) }).finish()],
    slower: 100,
    read: bytes => {
      const list = decodeMessage(oppu.KeyList, bytes, 10_000, 'a list of keys')
      const key = currentKey(first, list.changes.map(signedFromMessage))
      assert.ok([first, second, third].includes(key), 'a key that nobody signed counts')
    },
  },
]
