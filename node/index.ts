/** The public API of the package: a user's node and the types that its methods give and take. */
export { type ErrorCode, isOppuError, OppuError } from '../protocol/errors.ts'
export type { AdapterId, BaseId, TaskId, UserId } from '../protocol/ids.ts'
export type { BaseManifest } from '../protocol/manifest.ts'
export type { Evaluation } from './eval/evaluate.ts'
export type {
  EvaluateRequest,
  GenerateRequest,
  Learning,
  OwnEvaluation,
  TrainRequest,
} from './learning.ts'
export { type NodeOptions, PersonalNode } from './node.ts'
export type { Peering, Providing, PullResult } from './peering.ts'
export type { HistoryItem } from './personal/history.ts'
export { type ImportReport, importHistory } from './personal/import.ts'
export type { RunPlan } from './planning.ts'
export type {
  AdapterRecord,
  CurvePoint,
  Lineage,
  Measured,
  Slot,
  Verdict,
} from './store/adapter-record.ts'
export type { RunEstimate } from './train/estimate.ts'
export type { TrainStep } from './train/trainer.ts'
export type { TrainReport } from './training.ts'
