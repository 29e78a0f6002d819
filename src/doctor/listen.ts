/** The address that the agent listens on. */
import { once } from 'node:events'
import { createServer } from 'node:net'
import { describe } from '../errors.ts'
import { type Finding, ok, problem, warning } from './finding.ts'

/** A busy agent takes its time. */
const answerMilliseconds = 5000

/** Whether an agent runs there already and is well, or else the address is free. @param listen `host:port` */
export async function checkListen(listen: string): Promise<Finding> {
  const check = 'listen'
  const answer = await fetch(`http://${listen}/-/healthy`, {
    signal: AbortSignal.timeout(answerMilliseconds),
  })
    .then(async (reply) => ({ ok: reply.ok, text: (await reply.text()).slice(0, 200) }))
    .catch((error: unknown) => (error instanceof Error && error.name === 'TimeoutError' ? 'late' : undefined))
  if (answer !== 'late' && answer?.text.startsWith('Remora')) {
    if (!answer.ok)
      return problem(check, `the agent at ${listen} says: ${answer.text.trim()}`, 'look at its log')
    const ready = await fetch(`http://${listen}/-/ready`, {
      signal: AbortSignal.timeout(answerMilliseconds),
    }).catch(() => undefined)
    const words =
      ready?.ok === true
        ? 'is healthy and ready'
        : `is healthy, not ready: ${(await ready?.text()) ?? 'no answer'}`
    return ready?.ok === true
      ? ok(check, `an agent runs at ${listen} and ${words}`)
      : warning(check, `the agent at ${listen} ${words.trim()}`, 'look at its log')
  }
  const end = listen.lastIndexOf(':')
  const server = createServer()
  try {
    server.listen({
      host: listen.slice(0, end).replaceAll(/[[\]]/g, ''),
      port: Number(listen.slice(end + 1)),
    })
    await once(server, 'listening')
    server.close()
    return ok(check, `${listen} is free: no agent runs there`)
  } catch (error) {
    const isDeaf =
      answer === 'late' && error instanceof Error && 'code' in error && error.code === 'EADDRINUSE'
    return isDeaf
      ? problem(
          check,
          `somebody listens at ${listen} and did not answer within ${answerMilliseconds / 1000} s`,
          'if it is the agent, look at its log and what keeps it busy; else choose another server.listen',
        )
      : problem(check, `Cannot listen on ${listen}: ${describe(error)}`, 'choose another server.listen')
  }
}
