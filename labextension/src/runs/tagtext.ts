/** Tags as a person types them. */

/** Return the tags in a text, separated by commas; none twice. */
export function tagsIn(text: string): readonly string[] {
  const tags = text.split(',').map(tag => tag.trim());
  return [...new Set(tags.filter(Boolean))];
}
