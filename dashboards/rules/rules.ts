/**
 * The alert and recording rules. Each alert names the node (`instance`) and the part, and has its page in docs/runbooks,
 * named like it. They hold for scraped and for pushed samples alike.
 */
import { diskRules } from './disks.ts'
import { linkRules } from './links.ts'
import { recordings } from './recordings.ts'
import { remoraRules } from './remora.ts'
import { rootRules } from './root.ts'
import type { RuleFile } from './rule.ts'

export const alerts = [...rootRules, ...diskRules, ...linkRules, ...remoraRules]

export const rules: RuleFile = {
  groups: [
    { name: 'remora-recordings', rules: recordings.map(({ record, expr }) => ({ record, expr })) },
    { name: 'ephemeral-root', rules: rootRules },
    { name: 'disks', rules: diskRules },
    { name: 'links-and-memory', rules: linkRules },
    { name: 'remora', rules: remoraRules },
  ],
}
