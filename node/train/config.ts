/** The options of a training run: one table from which types, defaults, checks and help come. */
import { type ConfigOf, choiceField, numberField, parseConfig } from '../../protocol/schema.ts'

/** Defaults follow OPPU's stage two (arXiv 2402.04401), with the learning rate that small bases need. */
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
  learningRate: numberField({ default: 1e-3, maximum: 10, description: 'highest learning rate' }),
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
    description: "AdamW's decoupled weight decay (matrices only)",
  }),
  maxGradientNorm: numberField({
    default: 0.3,
    maximum: 1e9,
    description: 'gradients are scaled down to this norm; 0: never',
  }),
  beta1: numberField({ default: 0.9, maximum: 0.999999, description: "AdamW's decay of the mean gradient" }),
  beta2: numberField({
    default: 0.999,
    maximum: 0.999999,
    description: "AdamW's decay of the mean squared gradient",
  }),
  epsilon: numberField({
    default: 1e-8,
    minimum: 1e-20,
    maximum: 1,
    description: "AdamW's guard against division by zero",
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

/** @throws OppuError UNKNOWN_CONFIGURATION, INVALID_ARGUMENT */
export function parseTrainConfig(values: unknown): TrainConfig {
  return parseConfig(TRAIN_SCHEMA, values, 'training')
}
