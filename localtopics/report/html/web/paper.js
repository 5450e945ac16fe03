/** What is printed: the map in light colours, then what the panel shows. */
class Paper {
  constructor(page) {
    addEventListener("afterprint", () => page.theme.usePaper(false));
    addEventListener("beforeprint", () => {
      page.theme.usePaper(true);
      const picture = page.view.picture(), sheet = find("#paper");
      Object.assign(sheet, { width: picture.width, height: picture.height });
      sheet.getContext("2d").drawImage(picture, 0, 0);
    });
  }
}
