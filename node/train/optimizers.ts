/** The optimizers by name. */
import { adafactor } from './adafactor.ts'
import { adamw } from './adamw.ts'
import type { OptimizerName } from './config.ts'
import { lion } from './lion.ts'
import type { Optimizer } from './optimizer.ts'

export const optimizers: Readonly<Record<OptimizerName, Optimizer>> = { adamw, lion, adafactor }
