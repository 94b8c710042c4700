/** The options of a training run: one table from which types, defaults, checks and help come. */
import { type ConfigOf, choiceField, numberField, parseConfig } from '../../protocol/schema.ts'
import { methods } from '../peft/index.ts'

const OPTIMIZERS = ['adamw', 'lion', 'adafactor'] as const
export type OptimizerName = (typeof OPTIMIZERS)[number]

/** The decay of the second average that each optimizer's paper uses. Adafactor's follows from the step. */
const OWN_BETA2: Readonly<Record<OptimizerName, number>> = { adamw: 0.999, lion: 0.99, adafactor: 0 }

const OWN_RATES = Object.entries(methods)
  .map(([name, { learningRate }]) => `${name} ${learningRate}`)
  .join(', ')

/** Defaults follow OPPU's stage two (arXiv 2402.04401); the learning rate is each method's, as small bases need it. */
export const TRAIN_SCHEMA = {
  epochs: numberField({
    default: 2,
    minimum: 0.001,
    maximum: 10000,
    description: 'how often every item is seen (unless steps is set)',
  }),
  steps: numberField({
    default: 0,
    maximum: 1e7,
    whole: true,
    description: 'number of updates; 0: as many as epochs takes',
  }),
  batchSize: numberField({
    default: 16,
    minimum: 1,
    maximum: 65536,
    whole: true,
    description: 'items in a batch',
  }),
  gradientAccumulation: numberField({
    default: 1,
    minimum: 1,
    maximum: 65536,
    whole: true,
    description: 'batches whose gradients make one update',
  }),
  batchTokens: numberField({
    default: 1024,
    minimum: 8,
    maximum: 1e6,
    whole: true,
    description: 'tokens in one pass at most: bounds memory, changes nothing else',
  }),
  maxLength: numberField({
    default: 2048,
    minimum: 2,
    maximum: 1e6,
    whole: true,
    description: "tokens of an item at most; the prompt's middle is cut, the completion never",
  }),
  precision: choiceField({
    default: 'auto',
    choices: ['auto', 'float32', 'int8', 'q8', 'q4'],
    description:
      'frozen weights: float32; int8: products in 8 bits; auto: int8 where much faster here; q8, q4: float32 products with weights kept in 8 or 4 bits, for little memory',
  }),
  recompute: choiceField({
    default: 'auto',
    choices: ['auto', 'none', 'layers'],
    description:
      'layers: keep no more of a layer than what goes in, and compute the rest anew when it is needed: a third of the memory, a third more time; auto: where the run would not fit into memory otherwise; results are the same',
  }),
  optimizer: choiceField({
    default: 'adamw',
    choices: OPTIMIZERS,
    description:
      'adamw; lion: half its memory, wants a third to a tenth of the rate in long runs; adafactor: hardly any memory',
  }),
  learningRate: numberField({
    default: 0,
    maximum: 10,
    description: `highest learning rate; 0: the method's own (${OWN_RATES})`,
  }),
  schedule: choiceField({
    default: 'linear',
    choices: ['linear', 'cosine', 'constant'],
    description: 'how the learning rate falls after the warm-up',
  }),
  warmup: numberField({
    default: 0.1,
    maximum: 1,
    description: 'share of the updates over which the learning rate rises',
  }),
  weightDecay: numberField({
    default: 0.01,
    maximum: 10,
    description: 'decoupled weight decay (matrices only: biases and norms are spared)',
  }),
  maxGradientNorm: numberField({
    default: 0.3,
    maximum: 1e9,
    description: 'gradients are scaled down to this norm; 0: never',
  }),
  beta1: numberField({
    default: 0.9,
    maximum: 0.999999,
    description: "decay of AdamW's mean gradient; Lion's share of it in an update",
  }),
  beta2: numberField({
    default: 0,
    maximum: 0.999999,
    description:
      "decay of AdamW's mean squared gradient and of Lion's mean gradient; 0: the optimizer's own (0.999, 0.99)",
  }),
  epsilon: numberField({
    default: 1e-8,
    minimum: 1e-20,
    maximum: 1,
    description: "AdamW's guard against division by zero",
  }),
  evaluateEvery: numberField({
    default: 0,
    maximum: 1e7,
    whole: true,
    description: 'updates between two measurements on validation items; 0: one pass over the items',
  }),
  patience: numberField({
    default: 3,
    maximum: 1e7,
    whole: true,
    description: 'measurements in a row without a better one that end the run; 0: it goes on to its end',
  }),
  checkpointEvery: numberField({
    default: 0,
    maximum: 1e7,
    whole: true,
    description: 'updates between two checkpoints; 0: one about every half minute',
  }),
  order: choiceField({
    default: 'shuffled',
    choices: ['shuffled', 'given'],
    description: 'order of items: shuffled anew in every pass, or as given',
  }),
  seed: numberField({
    default: 0,
    minimum: Number.MIN_SAFE_INTEGER,
    whole: true,
    description: 'seed of initial values, order and dropout',
  }),
} as const

export type TrainConfig = ConfigOf<typeof TRAIN_SCHEMA>

/** Every option, those that depend on others filled in. @throws OppuError UNKNOWN_CONFIGURATION, INVALID_ARGUMENT */
export function parseTrainConfig(values: unknown): TrainConfig {
  const config = parseConfig(TRAIN_SCHEMA, values, 'training')
  return { ...config, beta2: config.beta2 || OWN_BETA2[config.optimizer] }
}
