/** `oppu demo`: runs the main job (see ../demo/run.ts) in a fresh folder and shows what came out. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Command } from '@commander-js/extra-typings'
import { OppuError } from '../../protocol/errors.ts'
import { Context } from '../context.ts'
import { type DemoResult, ownAdapterWins, runDemo } from '../demo/run.ts'
import { formatBytes, formatSeconds, table } from '../terminal.ts'

/** What a base costs on two cores, told before the demo starts. */
const COSTS: Readonly<Record<string, string>> = {
  embedded:
    'The embedded base (a few megabytes, comes with oppu): about 2 minutes, 1 GB of memory, 50 MB of disk.',
  smollm2:
    'SmolLM2-135M-Instruct: a download of 0.1 to 0.3 GB unless it is here already, then about 30 minutes on 2 cores, ' +
    '6 GB of memory, 3 GB of disk.',
}

/** Fixed for everybody: a small history and a small base need more passes than the defaults make. */
const TRAINING = ['--epochs', '8', '--learning-rate', '0.003', '--batch-size', '8']

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
      const cost = COSTS[options.base]
      terminal.note(cost ?? `${options.base}: time, memory and disk grow with the base's size.`)
      const folder = await mkdtemp(join(tmpdir(), 'oppu-demo-'))
      try {
        const result = await runDemo({ base: options.base, training: TRAINING, folder, terminal, signal })
        if (options.json !== undefined) await writeFile(options.json, `${JSON.stringify(result, null, 2)}\n`)
        process.stdout.write(`\n${describe(result)}\n`)
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
