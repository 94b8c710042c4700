/** The contender that is ours: the public `train()`, a step for each line on standard input. See contender.ts. */
import { readFileSync } from 'node:fs'
import { argv, stdin, stdout } from 'node:process'
import { createInterface } from 'node:readline'
import { inputLength } from '../../node/model/batch.ts'
import { train } from '../../node/train/trainer.ts'
import { decodeBase, type Job, type StepReport } from './contender.ts'
import { residentMemory } from './memory.ts'

const job = JSON.parse(readFileSync(argv.at(-1)!, 'utf8')) as Job
const { lora, settings } = job
const steps = train({
  base: decodeBase(job.base),
  method: 'lora',
  methodConfig: { ...lora, dropout: 0 },
  examples: job.steps.flat().map(index => job.examples[index]!),
  device: 'cpu',
  config: {
    ...settings,
    steps: job.steps.length,
    batchSize: job.steps[0]!.length,
    batchTokens: job.passTokens,
    maxLength: job.maxLength,
    order: 'given',
    schedule: 'constant',
    warmup: 0,
    seed: job.seed,
    ...job.training,
  },
})

function say(value: unknown): void {
  stdout.write(`${JSON.stringify(value)}\n`)
}

say({ ready: `node ${process.version}` })
let done = 0
let precision: string | undefined
for await (const _ of createInterface({ input: stdin })) {
  const examples = job.steps[done++]!.map(index => job.examples[index]!)
  const started = performance.now()
  const { value, done: isOver } = await steps.next()
  const seconds = (performance.now() - started) / 1000
  if (isOver) throw new Error('asked for more steps than the job has')
  precision ??= value.precision
  if (job.collect) globalThis.gc?.()
  const report: StepReport = {
    seconds,
    loss: value.loss,
    items: examples.length,
    tokens: examples.reduce((sum, example) => sum + inputLength(example), 0),
    ...residentMemory(),
    ...(precision === undefined ? {} : { precision }),
  }
  say(report)
}
