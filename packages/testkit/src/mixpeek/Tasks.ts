/**
 * Work in the background, and `getTask`. Time passes by the stand-in's clock; what is due is done before anything is
 * looked at, so that nothing depends on timers.
 */
import { Duration, Effect } from "effect"
import type { Answer } from "./Answer.ts"
import * as Answers from "./Answer.ts"
import type { State } from "./State.ts"

/** When something in the background is over: a time after it began, and when it was looked at so often. */
export interface Until {
  /** 0 by default. */
  readonly after?: Duration.Input | undefined
  /** Requests for the task, or for what it works on, that find it unfinished. 0 by default. */
  readonly polls?: number | undefined
}

/** A status a task goes through, and until when. */
export interface Stage {
  readonly status: "PENDING" | "IN_PROGRESS"
  readonly until: Until
}

/** How a task ended. */
export interface Outcome {
  readonly status: "COMPLETED" | "COMPLETED_WITH_ERRORS" | "FAILED" | "CANCELED"
  readonly outputs: ReadonlyArray<Readonly<Record<string, unknown>>>
  readonly error: string | null
}

/** What is to be done, and what it is told by. */
export interface Work {
  /** One of the API's task types. */
  readonly type: string
  readonly inputs: ReadonlyArray<string>
  readonly data: Readonly<Record<string, unknown>>
  readonly stages: ReadonlyArray<Stage>
  /** Done once, when all stages are over. */
  readonly finish: Effect.Effect<Outcome>
}

export interface Task {
  readonly taskId: string
  readonly work: Work
  /** Index of the stage it is in; the number of stages when it is over. */
  readonly stage: number
  /** When that stage began, in milliseconds since 1970. */
  readonly since: number
  /** How often it was looked at in that stage. */
  readonly polls: number
  readonly outcome: Outcome | undefined
}

/** Begins work in the background. */
export const start = (state: State, work: Work): Task => {
  const since = state.clock.currentTimeMillisUnsafe()
  const task: Task = { taskId: state.newId("task"), work, stage: 0, since, polls: 0, outcome: undefined }
  state.tasks.set(task.taskId, task)
  state.running.add(task.taskId)
  return task
}

export const statusOf = ({ outcome, stage, work }: Task): string =>
  outcome?.status ?? work.stages[stage]?.status ?? "IN_PROGRESS"

/** The task as it stands at a time, all stages gone through that are over by then. */
const advanced = (task: Task, now: number): Task => {
  const until = task.work.stages[task.stage]?.until
  if (until === undefined) return task
  const { after = 0, polls = 0 } = until
  const end = task.since + Duration.toMillis(Duration.fromInputUnsafe(after))
  if (now < end || task.polls < polls) return task
  return advanced({ ...task, stage: task.stage + 1, since: polls > 0 ? now : end, polls: 0 }, now)
}

const end = Effect.fnUntraced(function* (state: State, task: Task) {
  // Taken out before the work is done: two requests at a time must not do it twice.
  state.running.delete(task.taskId)
  state.tasks.set(task.taskId, task)
  const outcome = yield* task.work.finish
  state.tasks.set(task.taskId, { ...task, outcome })
})

/** Does what is due. */
export const settle = (state: State): Effect.Effect<void> =>
  Effect.suspend(() => {
    const now = state.clock.currentTimeMillisUnsafe()
    return Effect.forEach(
      [...state.running].flatMap((taskId) => state.tasks.get(taskId) ?? []),
      (before) => {
        const task = advanced(before, now)
        if (task.stage === task.work.stages.length) return end(state, task)
        state.tasks.set(task.taskId, task)
        return Effect.void
      },
      { discard: true }
    )
  })

/** Ends a task before its time. */
export const stop = (state: State, task: Task, outcome: Outcome): Task => {
  const stopped = { ...task, since: state.clock.currentTimeMillisUnsafe(), outcome }
  state.running.delete(task.taskId)
  state.tasks.set(task.taskId, stopped)
  return stopped
}

/** Notes that a request looked at an unfinished task, or at what it works on. */
export const look = (state: State, taskId: string | null): void => {
  const task = taskId === null ? undefined : state.tasks.get(taskId)
  if (task !== undefined && state.running.has(task.taskId)) {
    state.tasks.set(task.taskId, { ...task, polls: task.polls + 1 })
  }
}

export const wire = (task: Task) => ({
  task_id: task.taskId,
  task_type: task.work.type,
  status: statusOf(task),
  inputs: task.work.inputs,
  outputs: task.outcome?.outputs ?? null,
  additional_data: {
    ...task.work.data,
    ...(task.outcome?.error == null ? {} : { error: task.outcome.error })
  },
  error: task.outcome?.error ?? null
})

/** 404 when the task has been over for longer than tasks are kept. */
export const get = (state: State, taskId: string): Answer => {
  const task = state.tasks.get(taskId)
  const kept = Duration.toMillis(Duration.fromInputUnsafe(state.settings.taskLife))
  if (task === undefined || state.clock.currentTimeMillisUnsafe() >= task.since + kept) {
    return Answers.notFound(`Task ${taskId} was not found`)
  }
  look(state, taskId)
  return Answers.ok(wire(task))
}
