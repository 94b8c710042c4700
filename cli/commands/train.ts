/** `oppu train`: an adapter of one's own from one's own history, trained further each time there is more of it. */
import { type Command, Option } from '@commander-js/extra-typings'
import { type AdapterMethodName, adapterMethods } from '../../node/peft/index.ts'
import { DEFAULT_REPLAY, DEFAULT_VALIDATION, VALIDATION_FROM } from '../../node/personal/continual.ts'
import type { RunPlan } from '../../node/planning.ts'
import { type Measured, VERDICTS } from '../../node/store/adapter-record.ts'
import { parseTrainConfig, TRAIN_SCHEMA } from '../../node/train/config.ts'
import type { RunEstimate } from '../../node/train/estimate.ts'
import type { TrainStep } from '../../node/train/trainer.ts'
import type { TrainReport } from '../../node/training.ts'
import { shortId } from '../../protocol/ids.ts'
import type { Schema } from '../../protocol/schema.ts'
import { Context, deviceOption, newCommand } from '../context.ts'
import {
  addSchemaOptions,
  addSchemasOptions,
  holdOutOption,
  numberOption,
  schemaValues,
} from '../schema-options.ts'
import { formatBytes, formatSeconds, type Terminal } from '../terminal.ts'

/** Training every weight makes a base, not an adapter: the recipes do that, by the library. */
const METHOD_NAMES = Object.keys(adapterMethods) as AdapterMethodName[]
const METHOD_SCHEMAS = Object.fromEntries(METHOD_NAMES.map(name => [name, adapterMethods[name].schema]))
/** The options of all methods: one that the chosen method lacks is then refused by name, not passed over. */
const METHOD_KEYS: Schema = Object.assign({}, ...Object.values(METHOD_SCHEMAS))

export function addTrainCommand(program: Command): void {
  const command = newCommand(
    program,
    'train',
    'print one JSON value a line: one for the run, one for each step, and at the end one for the adapter',
  )
    .description(
      'train your adapter on what is new in your history (the first time, on all of it); the newest items are kept ' +
        'back, and it is used if it is not worse on them than the base and the adapter before',
    )
    .option('--base <base>', 'which base, by id or name (default: the only one there is)')
    .addOption(
      new Option('--method <method>', 'how to adapt (default: that of the adapter in use, or lora)').choices(
        METHOD_NAMES,
      ),
    )
    .option('--only <task>', 'only history items of this task')
    .option('--fresh', 'start from nothing, on all items, although there is an adapter in use')
    .option('--dry-run', 'say what the run would take in memory and time, and train nothing')
    .option('--no-resume', 'start over, although such a run was cut short and can go on')
    .addOption(holdOutOption('the newest share of the items that is not trained on'))
    .addOption(
      numberOption('--replay <share>', {
        ...{ default: DEFAULT_REPLAY, maximum: 0.95 },
        description: 'training an adapter further: the share of the items that are older ones again',
      }),
    )
    .addOption(
      numberOption('--validation <share>', {
        ...{ default: DEFAULT_VALIDATION, maximum: 0.9 },
        description: `the newest share of the new items, which tells when to stop; 0: none (unasked for, none of fewer than ${VALIDATION_FROM} either)`,
      }),
    )
    .addOption(
      numberOption('--max-memory <GB>', {
        ...{ default: 0, maximum: 1e6 },
        description:
          'memory that the process may take on the cpu, about; 0: what the system can give it. A run that needs more is refused before it starts',
      }),
    )
    .addOption(deviceOption())
  addSchemaOptions(command, TRAIN_SCHEMA)
  addSchemasOptions(command, METHOD_SCHEMAS)
  command.action(async options => {
    const context = new Context(options)
    const { terminal, signal } = context
    const { base, method, only, fresh, resume, holdOut, replay, maxMemory, device } = options
    const isAsked = command.getOptionValueSource('validation') !== 'default'
    const config = parseTrainConfig(schemaValues(TRAIN_SCHEMA, options))
    await context.withNode(async node => {
      const learning = await node.learning()
      const progress = new Progress(terminal)
      const request = {
        ...(base === undefined ? {} : { base }),
        ...(only === undefined ? {} : { only }),
        ...(method === undefined ? {} : { method }),
        methodConfig: schemaValues(METHOD_KEYS, options),
        config,
        fresh: fresh ?? false,
        resume,
        holdOut,
        replay,
        ...(isAsked ? { validation: options.validation } : {}),
        ...(maxMemory === 0 ? {} : { maxMemory: 1e9 * maxMemory }),
        device,
        onNote: (text: string) => progress.note(text),
        onPlan: (plan: RunPlan) => progress.plan(plan),
        signal,
      }
      if (options.dryRun) {
        const estimate = await learning.estimate(request)
        terminal.result({ event: 'estimate', ...estimate }, describeEstimate(estimate))
        return
      }
      const steps = learning.train(request)
      for (;;) {
        const next = await steps.next()
        if (next.done) {
          progress.end()
          terminal.result({ event: 'adapter', ...next.value }, describeReport(next.value))
          return
        }
        progress.step(next.value)
      }
    })
  })
}

/** What a run says while it goes on: a line that stays where it is, and JSON for machines. */
class Progress {
  readonly #terminal: Terminal
  /** What the last step said, and nothing after it. */
  #last: string | undefined

  constructor(terminal: Terminal) {
    this.#terminal = terminal
  }

  note(text: string): void {
    this.end()
    this.#terminal.note(text)
  }

  plan(plan: RunPlan): void {
    this.#terminal.event({ event: 'run', ...plan })
    this.note(describePlan(plan))
  }

  step(step: TrainStep): void {
    const { checkpointDue: _, snapshot: __, state: ___, device, ...figures } = step
    this.#terminal.event({ event: 'step', ...figures, ...(device === undefined ? {} : { device }) })
    if (device) this.note(`training on ${device.device}: ${device.reason}`)
    if (step.recomputed === 'layers')
      this.note('layers are computed anew for the backward pass, to take less memory')
    this.#last = describeStep(step)
    if (step.step < step.steps) this.#terminal.progress(this.#last)
  }

  /** Leaves the last step standing. */
  end(): void {
    if (this.#last !== undefined) this.#terminal.progressDone(this.#last)
    this.#last = undefined
  }
}

function describePlan({ version, parent, fresh, replayed, validation, heldOut }: RunPlan): string {
  const origin = parent === undefined ? 'from nothing' : `further from ${shortId(parent)}`
  const items = replayed === 0 ? `${fresh} items` : `${fresh} new items and ${replayed} older ones again`
  const stopping = validation === 0 ? '' : `; the newest ${validation} of the new ones tell when to stop`
  return `version ${version}, trained ${origin}, on ${items}${stopping}; ${heldOut} kept back`
}

function describeEstimate(estimate: RunEstimate): string {
  const { device, precision, recomputed, steps, secondsPerStep, seconds } = estimate
  const { memoryBytes, memoryCountedTwiceBytes: twice = 0, memoryLimitBytes } = estimate
  const anew = recomputed === 'layers' ? ', with layers computed anew' : ''
  const counted = twice === 0 ? '' : ` (${formatBytes(twice)} that the system counts twice)`
  return [
    memoryBytes === undefined || memoryLimitBytes === undefined
      ? `memory: not foretold on ${device.device}`
      : `memory: about ${formatBytes(memoryBytes)} at most${counted}${anew}, of ${formatBytes(memoryLimitBytes)} to be had`,
    `time: about ${formatSeconds(seconds)} for ${steps} steps of ${formatSeconds(secondsPerStep)}, on ${device.device} in ${precision}`,
    'Nothing was trained. Other work on this machine makes it longer; stopping early, shorter.',
  ].join('\n')
}

function describeStep(step: TrainStep): string {
  const { loss, validationLoss, learningRate, gradientNorm, tokensPerSecond, secondsLeft, memoryBytes } = step
  return [
    `step ${step.step} of ${step.steps}`,
    `loss ${loss.toFixed(3)}`,
    ...(validationLoss === undefined ? [] : [`validation ${validationLoss.toFixed(3)}`]),
    `${Math.round(tokensPerSecond)} tokens/s`,
    step.step === step.steps ? 'done' : `${formatSeconds(secondsLeft)} left`,
    `rate ${learningRate.toExponential(1)}`,
    `gradient ${gradientNorm.toPrecision(2)}`,
    formatBytes(memoryBytes),
  ].join('  ')
}

function describeReport(report: TrainReport): string {
  const { adapter, base, version, parent, fresh, replayed, trained, leftOut, measured, verdict, inUse } =
    report
  const items = trained < fresh + replayed ? `${trained} of ${fresh + replayed} items` : `${trained} items`
  const early = `; stopped early, it is of step ${report.bestStep}, the best on the items that tell`
  const best =
    report.bestStep > 0 && report.bestStep < report.steps ? `; it is of step ${report.bestStep}` : ''
  const left = leftOut === 0 ? '' : `; ${leftOut} left out, their answers are too long`
  return [
    `adapter ${adapter}`,
    `version ${version}${parent === undefined ? '' : ` of ${shortId(parent)}`} for base ${shortId(base)}, sealed, ${formatBytes(report.bytes)}`,
    `trained on ${items} in ${formatSeconds(report.seconds)} (${Math.round(report.tokensPerSecond)} tokens/s)` +
      `${report.stopped === 'early' ? early : best}${left}`,
    ...(measured === undefined ? [] : [describeMeasured(measured)]),
    inUse === adapter
      ? 'It is in use. What it is worth in full: oppu eval'
      : `It is not in use: ${VERDICTS[verdict].reason}. ${inUse === undefined ? 'The base' : shortId(inUse)} stays in use ` +
        `(oppu adapter use ${shortId(adapter)} takes it all the same).`,
  ].join('\n')
}

/** Also for `oppu adapter show`. */
export function describeMeasured({ items, base, before, after, better, worse, signP }: Measured): string {
  const earlier = before === undefined ? '' : `, the adapter in use before ${before.toFixed(4)}`
  return (
    `log-likelihood per token on the newest ${items} items: base ${base.toFixed(4)}${earlier}, this one ${after.toFixed(4)}; ` +
    `better on ${better} of them, worse on ${worse} (sign test p = ${signP.toPrecision(2)})`
  )
}
