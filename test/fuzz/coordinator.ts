/** A coordinator's parts behind what it is asked: every request is answered or refused, and none changes what is kept. */
import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Keys } from '../../coordinator/keys.ts'
import { Membership } from '../../coordinator/members.ts'
import { Registry } from '../../coordinator/registry.ts'
import { Releases } from '../../coordinator/releases.ts'
import {
  answer,
  memberHandlers,
  readRequest,
  registryHandlers,
  releaseHandlers,
  taskHandlers,
} from '../../coordinator/requests.ts'
import { State } from '../../coordinator/state.ts'
import { Tasks } from '../../coordinator/tasks.ts'
import type { MemberKey } from '../../protocol/ids.ts'
import { signInvitation } from '../../protocol/invitation.ts'
import { COORDINATOR_LIMITS, PROTOCOLS } from '../../protocol/limits.ts'
import { signedToMessage } from '../../protocol/manifest.ts'
import { oppu } from '../../protocol/messages.pb.js'
import { invitation } from '../protocol/samples.ts'
import type { Subject } from './fuzz.ts'
import { recorded, recording, unframed } from './recorded.ts'

/** Whoever announced in the recording. */
const caller = { remote: recording.announced[0]!.replace(/.*\//, ''), key: '5a'.repeat(32) as MemberKey }
const encode = (request: oppu.CoordinatorRequest.$Properties) =>
  oppu.CoordinatorRequest.encode(request).finish()

export async function openCoordinatorSubjects(): Promise<readonly Subject[] & AsyncDisposable> {
  const home = await mkdtemp(join(tmpdir(), 'oppu-fuzz-'))
  const state = await State.open(home)
  const [keys, now] = [await Keys.open(state, home, new Uint8Array(32).fill(11)), () => recording.time]
  const registry = await Registry.open(state, keys, now)
  const releases = await Releases.open(state, keys, now)
  const tasks = await Tasks.open(state, keys, now)
  const membership = await Membership.open({ state, seed: keys.seed, now })
  const handlers = {
    ...registryHandlers(registry),
    ...releaseHandlers(releases, keys),
    ...taskHandlers(tasks),
    ...memberHandlers(membership, keys),
  }
  const id = await registry.publish(recording.manifest)
  await tasks.publish(recording.task)
  await releases.set('a-base', 'stable', id)
  await membership.makePrivate({})
  const invited = encode({ join: signedToMessage(signInvitation(invitation, keys.seed)) })
  const requests = (what: string) => recorded(PROTOCOLS.coordinator, 'request', what).map(unframed)
  const [report] = requests('report') as [Uint8Array]
  for (const good of [invited, report]) await answer(handlers, readRequest(handlers, good), caller)
  const kept = () => [registry.bases(), releases.list(), tasks.received, membership.members().length]
  const before = kept()

  const read = async (bytes: Uint8Array) => {
    const reply = await answer(handlers, readRequest(handlers, bytes), caller)
    assert.ok(reply.length <= COORDINATOR_LIMITS.manifestReply)
    assert.deepEqual(kept(), before)
    assert.ok(registry.announced() <= 1)
  }
  const subjects: Subject[] = [
    {
      name: 'request to a coordinator',
      corpus: [
        ...requests('announce'),
        ...[
          { listManifests: {} },
          { listBases: {} },
          { listTasks: {} },
          { listReleases: {} },
          { listKeys: {} },
        ].map(encode),
        ...[
          { getManifest: { id: Buffer.from(id, 'hex') } },
          { listProviders: { id: Buffer.from(id, 'hex') } },
        ].map(encode),
        encode({ listMembers: { serial: 1 } }),
      ],
      read,
    },
    {
      name: 'signed request to a coordinator',
      corpus: [report, invited],
      slower: 100,
      read,
    },
  ]
  return Object.assign(subjects, {
    async [Symbol.asyncDispose]() {
      await state.close()
      await rm(home, { recursive: true, force: true })
    },
  })
}
