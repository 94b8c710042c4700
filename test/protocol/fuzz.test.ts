/**
 * Every decoder of outside bytes against seeded random mutations of good ones: each input is either refused with a
 * code or read, and what is read encodes to the same bytes. Nothing else may be thrown, and nothing may hang.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { decodeAdapterManifest, encodeAdapterManifest } from '../../protocol/adapter.ts'
import { decodeMessage } from '../../protocol/canonical.ts'
import { isOppuError, OppuError } from '../../protocol/errors.ts'
import { decodeInvitation, encodeInvitation } from '../../protocol/invitation.ts'
import {
  decodeManifest,
  decodeSigned,
  encodeManifest,
  encodeSigned,
  signBytes,
  signedToMessage,
} from '../../protocol/manifest.ts'
import { decodeMembers, encodeMembers } from '../../protocol/members.ts'
import { oppu } from '../../protocol/messages.pb.js'
import { encodeFrame, FrameReader } from '../../protocol/rpc.ts'
import { decodeReport, decodeTask, encodeReport, encodeTask } from '../../protocol/task.ts'
import { adapter, invitation, manifest, members, report, task } from './samples.ts'

const MUTATIONS = 3000

/** mulberry32: small, seeded, good enough to choose bytes. */
function random(seed: number): (below: number) => number {
  let state = seed
  return below => {
    state = (state + 0x6d2b79f5) | 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((((t ^ (t >>> 14)) >>> 0) / 4294967296) * below) | 0
  }
}

function mutate(bytes: Uint8Array, next: (below: number) => number): Uint8Array {
  let out = Array.from(bytes)
  for (let times = 1 + next(4); times > 0; times--) {
    const at = next(out.length + 1)
    const kind = next(6)
    if (kind === 0) out[at] = next(256)
    else if (kind === 1) out[at] = (out[at] ?? 0) ^ (1 << next(8))
    else if (kind === 2) out.splice(at, next(8))
    else if (kind === 3) out.splice(at, 0, ...Array.from({ length: next(8) }, () => next(256)))
    else if (kind === 4) out = out.slice(0, at)
    else out.splice(at, 0, ...out.slice(next(out.length + 1)).slice(0, 16))
  }
  return Uint8Array.from(out)
}

const unsigned = signBytes('task', encodeTask(task), new Uint8Array(32))

interface Subject {
  readonly good: Uint8Array
  /** Returns what encoding again gives, where the format has one spelling only. */
  readonly decode: (bytes: Uint8Array) => Uint8Array | undefined
}

/** A message on the wire may hold unknown fields, so only that nothing but a code is thrown can be held. */
const wire = (good: oppu.CoordinatorRequest.$Properties): Subject => ({
  good: oppu.CoordinatorRequest.encode(good).finish(),
  decode(bytes) {
    decodeMessage(oppu.CoordinatorRequest, bytes, 4096, 'a request')
    return undefined
  },
})

const subjects: Readonly<Record<string, Subject>> = {
  'signed report request': wire({ report: signedToMessage(unsigned) }),
  announcement: wire({
    announce: { baseIds: [new Uint8Array(32), new Uint8Array(32)], addresses: ['/ip4/127.0.0.1/tcp/1'] },
  }),
  manifest: { good: encodeManifest(manifest), decode: bytes => encodeManifest(decodeManifest(bytes)) },
  adapter: {
    good: encodeAdapterManifest(adapter),
    decode: bytes => encodeAdapterManifest(decodeAdapterManifest(bytes)),
  },
  task: { good: encodeTask(task), decode: bytes => encodeTask(decodeTask(bytes)) },
  invitation: {
    good: encodeInvitation(invitation),
    decode: bytes => encodeInvitation(decodeInvitation(bytes)),
  },
  members: { good: encodeMembers(members), decode: bytes => encodeMembers(decodeMembers(bytes)) },
  report: {
    good: encodeReport(report, task),
    decode(bytes) {
      decodeReport(bytes)
      return undefined // encoding needs the task it answers
    },
  },
  envelope: {
    good: encodeSigned(unsigned),
    decode(bytes) {
      decodeSigned(bytes, 4096)
      return undefined // not canonical: only what is inside is signed
    },
  },
  frame: {
    good: encodeFrame(encodeTask(task)),
    decode(bytes) {
      const read = new FrameReader(4096).push(bytes)
      if (read === undefined) throw new OppuError('TRUNCATED_FILE', 'no whole frame')
      return Buffer.concat([encodeFrame(read.payload), read.rest])
    },
  },
}

for (const [name, { good, decode }] of Object.entries(subjects)) {
  test(`${MUTATIONS} mutated inputs: ${name}`, () => {
    const next = random(2024)
    let refused = 0
    for (let i = 0; i < MUTATIONS; i++) {
      const bytes = mutate(good, next)
      try {
        const again = decode(bytes)
        if (again !== undefined) assert.deepEqual(Buffer.from(again), Buffer.from(bytes))
      } catch (error) {
        if (!isOppuError(error)) throw error
        refused++
      }
    }
    assert.ok(refused > MUTATIONS / 20, `${refused} refused: the mutations bite`)
    decode(good)
  })
}
