/** One good example of every signed thing, for the tests that bend it. */
import type { AdapterManifest } from '../../protocol/adapter.ts'
import type { AdapterId, ChunkHash, InvitationId, MemberKey, TreeRoot } from '../../protocol/ids.ts'
import type { Invitation } from '../../protocol/invitation.ts'
import { baseId, type ManifestV1, type ManifestV2 } from '../../protocol/manifest.ts'
import type { Members } from '../../protocol/members.ts'
import { type EvaluationTask, type Report, taskId } from '../../protocol/task.ts'

const hash = (digit: string) => digit.repeat(64) as ChunkHash
const root = (digit: string) => digit.repeat(64) as TreeRoot

export const manifest: ManifestV1 = {
  version: 1,
  name: 'A small base',
  format: 'huggingface',
  architecture: 'LlamaForCausalLM',
  licence: 'Apache-2.0',
  chunkSize: 4096,
  files: [
    { path: 'config.json', size: 10, chunks: [hash('a')] },
    { path: 'empty', size: 0, chunks: [] },
    {
      path: 'weights/model-00001-of-00002.safetensors',
      size: 8193,
      chunks: [hash('b'), hash('c'), hash('d')],
    },
  ],
}

/** The next version of the same base, with roots instead of hashes. */
export const manifestV2: ManifestV2 = {
  version: 2,
  name: 'A small base',
  format: 'huggingface',
  architecture: 'LlamaForCausalLM',
  licence: 'Apache-2.0',
  files: [
    { path: 'config.json', size: 10, root: root('a'), chunkCount: 1 },
    { path: 'weights/model.safetensors', size: 1_000_000, root: root('b'), chunkCount: 2 },
  ],
}

export const adapter: AdapterManifest = {
  version: 1,
  baseId: baseId(manifest),
  method: 'lora',
  config: { rank: 8, targets: ['q_proj', 'v_proj'], nested: { alpha: 0.5, none: null, on: true } },
  tensors: [
    { name: 'layers.0.lora_A', shape: [8, 64] },
    { name: 'layers.0.lora_B', shape: [64, 8] },
    { name: 'scale', shape: [] },
  ],
  createdAt: 1_700_000_000_000,
  trainedItems: 42,
}

export const task: EvaluationTask = {
  version: 1,
  title: 'Subject lines, 20 % newest',
  baseId: baseId(manifest),
  metric: 'rouge-1',
  holdOut: 0.2,
  minimumItems: 8,
  createdAt: 1_700_000_000_000,
  expiresAt: 1_700_000_600_000,
}

export const report: Report = {
  version: 1,
  taskId: taskId(task),
  baseId: baseId(manifest),
  adapterId: 'e'.repeat(64) as AdapterId,
  items: 12,
  logLikelihood: { base: -3.5, own: -3.1234, other: -3.4 },
  metric: { base: 0, own: 0.25, other: 0.125 },
}

export const invitation: Invitation = {
  version: 1,
  id: 'ab'.repeat(32) as InvitationId,
  uses: 3,
  expiresAt: 1_800_000_000_000,
  addresses: ['/ip4/10.0.0.7/tcp/4011/p2p/12D3KooW', '/dns4/example.org/tcp/4011/p2p/12D3KooW'],
  networkKey: new Uint8Array(32).fill(9),
}

export const members: Members = {
  version: 1,
  serial: 7,
  createdAt: 1_700_000_000_000,
  expiresAt: 1_700_000_600_000,
  keys: ['11'.repeat(32), 'fe'.repeat(32)] as MemberKey[],
}
