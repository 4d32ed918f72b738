// Lines of text of different blocks that share space. What scrolls in a box of its own is compared within that box.
() => {
  const BLOCKS = "h1, h2, h3, h4, h5, p, li, td, th, pre, figcaption, .doc-heading"
  const lines = []
  for (const block of document.querySelectorAll(`.md-content :is(${BLOCKS})`)) {
    const scrolled = block.closest("pre, .md-typeset__scrollwrap")
    const walker = document.createTreeWalker(block, NodeFilter.SHOW_TEXT)
    while (walker.nextNode()) {
      const node = walker.currentNode
      const text = node.textContent.trim()
      if (!text || node.parentElement.closest(`:is(${BLOCKS})`) !== block) continue
      if (!node.parentElement.checkVisibility({ opacityProperty: true, visibilityProperty: true })) continue
      const range = document.createRange()
      range.selectNodeContents(node)
      for (const box of range.getClientRects()) {
        if (box.width > 1 && box.height > 1) lines.push({ box, block, scrolled, text: text.slice(0, 40) })
      }
    }
  }
  lines.sort((one, other) => one.box.top - other.box.top)
  const found = []
  for (const [number, one] of lines.entries()) {
    for (const other of lines.slice(number + 1)) {
      if (other.box.top >= one.box.bottom - 3) break
      if (one.block.contains(other.block) || other.block.contains(one.block) || one.scrolled !== other.scrolled) continue
      const across = Math.min(one.box.right, other.box.right) - Math.max(one.box.left, other.box.left)
      const down = Math.min(one.box.bottom, other.box.bottom) - Math.max(one.box.top, other.box.top)
      if (across > 2 && down > 3) found.push(`"${one.text}" lies on "${other.text}"`)
    }
  }
  return found.slice(0, 5)
}
