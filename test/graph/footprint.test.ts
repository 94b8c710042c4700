/** The memory that is foretold against the account that the runtime itself gives of every node, in its profile. */
import assert from 'node:assert/strict'
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { after, before, test } from 'node:test'
import * as ort from 'onnxruntime-node'
import { executionOf } from '../../node/graph/execution.ts'
import { footprint } from '../../node/graph/footprint.ts'
import { encodeModel } from '../../node/graph/onnx.ts'
import '../../node/graph/session.ts' // which keeps the runtime quiet
import type { Tensor } from '../../node/graph/tensor.ts'
import { type Batch, batchFeeds, packExamples } from '../../node/model/batch.ts'
import { randomFrom } from '../../node/model/random.ts'
import { type MethodName, methods } from '../../node/peft/index.ts'
import { passSizes } from '../../node/train/sample.ts'
import { trainingGraph } from '../../node/train/training-graph.ts'
import { type TestBase, tinyBase } from '../model/bases.ts'

let base: TestBase
before(async () => {
  base = await tinyBase()
})
after(() => base.remove())

const EXAMPLES = [40, 30, 22, 70].map((length, id) => ({
  id: String(id),
  prompt: [1, 5, 9, ...Array.from({ length }, (_, i) => (7 * i + 11 * id) % 60)],
  completion: [7, 8, 2],
}))

interface Account {
  readonly op_name: string
  readonly mem_bytes_in_use: string
  readonly mem_in_use_delta: string
  readonly mem_in_use_peak: string
  readonly mem_arena_held: string
}

const CASES: readonly (readonly [MethodName, object, 'nothing' | 'cheap' | 'layers'])[] = [
  ['lora', { rank: 4, dropout: 0.1, targets: 'q_proj,v_proj,down_proj' }, 'nothing'],
  ['lora', { rank: 4, dropout: 0.1 }, 'layers'],
  ['dora', { rank: 4 }, 'cheap'],
  ['full', {}, 'cheap'],
]

for (const [name, options, recomputed] of CASES) {
  test(`${name}, ${recomputed} computed anew: order and memory are the runtime's, run after run`, async () => {
    const method = methods[name].prepare(options, base.config)
    const values = await method.initial(0, base.weights)
    const { graph, attached } = trainingGraph(base.config, base.weights, method, undefined, recomputed)
    const feeds = (batch: Batch): Record<string, Tensor> => ({
      ...batchFeeds(batch),
      ...attached.noise(passSizes(batch), randomFrom(3)),
      ...Object.fromEntries(
        [...attached.parameters].map(([parameter, { shape }]) => [
          parameter,
          { dtype: 'float32', dims: shape as number[], data: values.get(parameter)! },
        ]),
      ),
      scale: { dtype: 'float32', dims: [], data: Float32Array.of(1) },
    })
    const model = encodeModel(graph, { device: 'cpu' })
    const batches = packExamples(EXAMPLES, 80)
    assert.ok(batches.length > 1)
    const accounts = await profile(model, dirname(base.weights.path), batches.map(feeds))
    const execution = executionOf(model)
    const ops = accounts.slice(0, execution.steps.length).map(account => account.op_name)
    assert.deepEqual(
      ops,
      execution.steps.map(({ op }) => op),
    )
    const { inUse, held } = footprint(execution, batches.map(passSizes))
    // The runtime has small constants from the start, which are not of a run.
    const constants = Number(accounts[0]!.mem_bytes_in_use) - Number(accounts[0]!.mem_in_use_delta)
    const most = (of: (account: Account) => string) =>
      Math.max(...accounts.map(account => Number(of(account))))
    assert.equal(inUse, most(account => account.mem_in_use_peak) - constants)
    assert.equal(held, most(account => account.mem_arena_held) - constants)
  })
}

/** The runtime's account of every node of these runs, in order. */
async function profile(
  model: Uint8Array,
  folder: string,
  runs: readonly Record<string, Tensor>[],
): Promise<Account[]> {
  const there = await mkdtemp(join(tmpdir(), 'oppu-profile-'))
  const session = await ort.InferenceSession.create(model, {
    graphOptimizationLevel: 'disabled',
    enableMemPattern: false,
    enableProfiling: true,
    profileFilePrefix: join(there, 'run'),
    extra: { session: { disable_prepacking: '1', model_external_initializers_file_folder_path: folder } },
  })
  const names = new Set(session.inputNames)
  for (const feeds of runs) {
    const given = Object.entries(feeds).filter(([name]) => names.has(name))
    await session.run(
      Object.fromEntries(
        given.map(([name, { dtype, dims, data }]) => [
          name,
          new ort.Tensor(dtype as 'float32', data as Float32Array, dims),
        ]),
      ),
    )
  }
  session.endProfiling()
  await session.release()
  const [file] = await readdir(there)
  const events = JSON.parse(await readFile(join(there, file!), 'utf8')) as {
    name: string
    ts: number
    args: Account
  }[]
  await rm(there, { recursive: true })
  return events
    .filter(({ name }) => name.endsWith('_kernel_time'))
    .sort((a, b) => a.ts - b.ts)
    .map(({ args }) => args)
}
