/** A failure of the environment or of a tool we run: shown as it is, without a stack. */
export class StepError extends Error {}
