export { createAliasTable } from './alias-table.ts'
export type { AliasTable } from './alias-table.ts'
export type {
  Capture,
  Checks,
  FeedData,
  FlowData,
  RequestData,
  ScenarioData,
  StepData,
  ThinkTime,
} from './data.ts'
export { defineScenario } from './define.ts'
export { openScenario } from './open.ts'
export type { ImportOptions, OpenedScenario } from './open.ts'
export { createPicker } from './pick.ts'
export type { Pick } from './pick.ts'
export { resolveScenario, rootsOf } from './resolve.ts'
export type { Scenario, ScenarioSpec, SetupContext } from './spec.ts'
export { parseTemplate } from './template.ts'
export type { Scope, Template } from './template.ts'
export { drawThinkTime, meanThinkTime } from './think-time.ts'
