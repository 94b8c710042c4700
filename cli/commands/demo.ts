/** `oppu demo`: runs the main job (see ../demo/run.ts) in a fresh folder and shows what came out. */
import { access, constants, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import type { Command } from '@commander-js/extra-typings'
import { writeFileAtomic } from '../../node/store/atomic-file.ts'
import { OppuError } from '../../protocol/errors.ts'
import { Context } from '../context.ts'
import { type DemoResult, ownAdapterWins, runDemo } from '../demo/run.ts'
import { formatBytes, formatSeconds, table } from '../terminal.ts'

interface Setting {
  /** What it costs on two cores, told before the demo starts. */
  readonly cost: string
  /** Options of `oppu train`, the same for both people. */
  readonly training: readonly string[]
}

/** Every linear layer and a few passes: with so little text, the defaults learn the task but hardly the person. */
function training(learningRate: string, epochs: string): readonly string[] {
  return [
    ...['--targets', 'q_proj,k_proj,v_proj,o_proj,gate_proj,up_proj,down_proj', '--alpha', '16'],
    ...['--learning-rate', learningRate, '--epochs', epochs, '--batch-size', '8', '--max-gradient-norm', '1'],
  ]
}

/** How the rates and passes were chosen: cli/demo/authors/README.md. */
const EMBEDDED: Setting = {
  cost: 'The embedded base (5 MB, comes with oppu): about a minute, 0.5 GB of memory, 100 MB of disk.',
  training: training('0.002', '6'),
}

const SMOLLM2: Setting = {
  cost:
    'SmolLM2-135M-Instruct: a download of 0.1 GB (pip) or 0.3 GB (hub), then about 12 minutes on 2 cores, ' +
    '4 GB of memory, 3 GB of disk.',
  training: training('0.001', '4'),
}

function settingOf(base: string): Setting {
  if (base === 'embedded') return EMBEDDED
  if (base === 'smollm2') return SMOLLM2
  return { cost: `${base}: time, memory and disk grow with the base's size.`, training: SMOLLM2.training }
}

export function addDemoCommand(program: Command): void {
  program
    .command('demo')
    .description(
      'run the whole idea on this machine: coordinator, seeding peer, and two people with their own adapters',
    )
    .option('--base <source>', 'the base: embedded, smollm2, or any source of `oppu base import`', 'embedded')
    .option('--json <file>', 'write the result as one JSON object to this file')
    .option('--keep', 'keep the folder with the four homes, and say where it is')
    .action(async options => {
      const context = new Context({})
      const { terminal, signal } = context
      const { cost, training } = settingOf(options.base)
      // Minutes later would be a bad time to find out.
      if (options.json !== undefined) await access(dirname(options.json), constants.W_OK)
      terminal.note(cost)
      const folder = await mkdtemp(join(tmpdir(), 'oppu-demo-'))
      try {
        const result = await runDemo({ base: options.base, training, folder, terminal, signal })
        process.stdout.write(`\n${describe(result)}\n`)
        if (options.json !== undefined)
          await writeFileAtomic(options.json, Buffer.from(`${JSON.stringify(result, null, 2)}\n`))
        if (!ownAdapterWins(result)) {
          throw new OppuError('NO_GAIN', 'an own adapter did not beat both the base and the other adapter')
        }
      } finally {
        if (options.keep) terminal.note(`kept: ${folder}`)
        else await rm(folder, { recursive: true, force: true, maxRetries: 3 })
      }
    })
}

function describe(result: DemoResult): string {
  const header = ['', 'trained', 'tested', 'LL base', 'LL own', 'LL other', 'metric', 'base', 'own', 'other']
  const costs = ['', 'adapter', 'training', 'received']
  return [
    table(
      header,
      result.users.map(user => [
        user.name,
        ...[user.trained, user.tested].map(String),
        ...[user.base, user.own, user.other].map(value => value.toFixed(3)),
        user.metric.name,
        ...[user.metric.base, user.metric.own, user.metric.other].map(value => value.toFixed(3)),
      ]),
    ),
    '',
    table(
      costs,
      result.users.map(user => [
        user.name,
        formatBytes(user.adapterBytes),
        `${Math.round(user.tokensPerSecond)} tokens/s`,
        Object.entries(user.received)
          .map(([peer, bytes]) => `${formatBytes(bytes)} from ${peer}`)
          .join(', '),
      ]),
    ),
    '',
    'LL: mean log-likelihood per token of the gold answer (natural logarithm; higher is better), on each',
    "person's newest items, which no adapter was trained on. own: this person's adapter; other: the other person's.",
    `Whole run: ${formatSeconds(result.seconds)}. The coordinator received scores, and nothing else.`,
  ].join('\n')
}
