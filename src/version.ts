/** The version of this build, read from package.json where it is bundled. */
import about from '../package.json' with { type: 'json' }

export const version: string = about.version
