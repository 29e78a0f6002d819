/** How arcconf is asked. It writes its errors where it writes its answers. */
import { ToolError } from '../../../src/errors.ts'
import type { VendorContext } from '../vendor.ts'
import { parseControllers } from './controllers.ts'

/** Where so many controllers hang it is not they: the others are not waited for. */
export const mostHung = 2

export async function ask({ tool }: VendorContext, args: readonly string[]): Promise<string> {
  const [, controller] = args
  const { stdout, stderr } = await tool.exec(
    args,
    controller === undefined ? {} : { hangs: `controller ${controller}` },
  )
  const text = stdout.toString('utf8')
  return text.trim() === '' ? stderr : text
}

/**
 * @returns the numbers that its commands take
 * @throws {ToolError} it finds none
 */
export async function listControllers(context: VendorContext): Promise<string[]> {
  let text = await ask(context, ['LIST'])
  // Old ones do not know the command and print how they are used.
  if (!/Controllers found/i.test(text)) text = await ask(context, ['GETVERSION'])
  const controllers = parseControllers(text)
  if (controllers.length > 0) return controllers
  throw new ToolError('Cannot list controllers: arcconf finds none', 'no-controller')
}
