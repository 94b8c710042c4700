/** `oppu train`: an adapter of one's own from one's own history, sealed as soon as it is trained. */
import { type Command, Option } from '@commander-js/extra-typings'
import type { TrainReport } from '../../node/learning.ts'
import { type AdapterMethodName, adapterMethods, parseMethodName } from '../../node/peft/index.ts'
import { parseTrainConfig, TRAIN_SCHEMA } from '../../node/train/config.ts'
import type { TrainStep } from '../../node/train/trainer.ts'
import { shortId } from '../../protocol/ids.ts'
import type { Schema } from '../../protocol/schema.ts'
import { Context, deviceOption, newCommand } from '../context.ts'
import { addSchemaOptions, addSchemasOptions, holdOutOption, schemaValues } from '../schema-options.ts'
import { formatBytes, formatSeconds } from '../terminal.ts'

/** Training every weight makes a base, not an adapter: the recipes do that, by the library. */
const METHOD_NAMES = Object.keys(adapterMethods) as AdapterMethodName[]
const METHOD_SCHEMAS = Object.fromEntries(METHOD_NAMES.map(name => [name, adapterMethods[name].schema]))
/** The options of all methods: one that the chosen method lacks is then refused by name, not passed over. */
const METHOD_KEYS: Schema = Object.assign({}, ...Object.values(METHOD_SCHEMAS))

export function addTrainCommand(program: Command): void {
  const command = newCommand(program, 'train')
    .description('train an adapter of your own on your history; the newest items are kept back for measuring')
    .option('--base <base>', 'which base, by id or name (default: the only one there is)')
    .addOption(new Option('--method <method>', 'how to adapt').choices(METHOD_NAMES).default('lora' as const))
    .option('--only <task>', 'only history items of this task')
    .addOption(holdOutOption('the newest share of the items that is not trained on'))
    .addOption(deviceOption())
  addSchemaOptions(command, TRAIN_SCHEMA)
  addSchemasOptions(command, METHOD_SCHEMAS)
  command.action(async options => {
    const context = new Context(options)
    const { terminal, signal } = context
    const method = parseMethodName(options.method)
    const config = parseTrainConfig(schemaValues(TRAIN_SCHEMA, options))
    await context.withNode(async node => {
      const learning = await node.learning()
      const steps = learning.train({
        ...(options.base === undefined ? {} : { base: options.base }),
        ...(options.only === undefined ? {} : { only: options.only }),
        method,
        methodConfig: schemaValues(METHOD_KEYS, options),
        config,
        holdOut: options.holdOut,
        device: options.device,
        onNote: text => terminal.note(text),
        signal,
      })
      for (;;) {
        const next = await steps.next()
        if (next.done) {
          terminal.result(next.value, describeReport(next.value))
          return
        }
        const step = next.value
        if (step.device) terminal.note(`training on ${step.device.device}: ${step.device.reason}`)
        if (step.step === step.steps) terminal.progressDone(describeStep(step))
        else terminal.progress(describeStep(step))
      }
    })
  })
}

function describeStep({ step, steps, loss, tokensPerSecond, secondsLeft }: TrainStep): string {
  const left = step === steps ? 'done' : `${formatSeconds(secondsLeft)} left`
  return `step ${step} of ${steps}  loss ${loss.toFixed(3)}  ${Math.round(tokensPerSecond)} tokens/s  ${left}`
}

function describeReport(report: TrainReport): string {
  const { adapter, base, trained, heldOut, leftOut, bytes, tokensPerSecond, seconds } = report
  return [
    `adapter ${adapter}`,
    `for base ${shortId(base)}, sealed, ${formatBytes(bytes)}`,
    `trained on ${trained} items in ${formatSeconds(seconds)} (${Math.round(tokensPerSecond)} tokens/s); ` +
      `the newest ${heldOut} kept back${leftOut > 0 ? `; ${leftOut} left out, their answers are too long` : ''}`,
    'What it is worth: oppu eval',
  ].join('\n')
}
