// What is wider than the screen, or cut off by its own box.
() => {
  const wide = document.documentElement.scrollWidth - document.documentElement.clientWidth
  if (wide > 0) return [`the page is ${wide} px wider than the screen`]
  const cut = []
  for (const one of document.querySelectorAll(".md-content *")) {
    const over = one.scrollWidth - one.clientWidth
    if (over > 1 && one.clientWidth > 0 && getComputedStyle(one).overflowX === "hidden") {
      cut.push(`${one.tagName.toLowerCase()} is cut off by ${over} px: ${one.textContent.trim().slice(0, 60)}`)
    }
  }
  return cut
}
